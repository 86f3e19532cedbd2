/** The pages that say which test holds what: each row names some, and they are there. */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { root } from "../forbidden/syntax.ts"

/** The rows of the page's tables whose last column is `held by`, and how many columns they have. */
const rowsOf = (page: string) => {
  const rows = readFileSync(join(root, page), "utf8")
    .split("\n")
    .map((line) => (line.startsWith("|") ? line.split("|").slice(1, -1) : []).map((cell) => cell.trim()))
  const head = rows.findIndex((row) => row.at(-1) === "held by")
  const after = rows.findIndex((row, index) => index > head && row.length === 0)
  return { columns: rows[head]?.length ?? 0, rows: rows.slice(head + 2, after) }
}

/** A test file, what its tests share, or a folder of them. */
const isThere = (path: string) => {
  const found = statSync(join(root, path), { throwIfNoEntry: false })
  return found?.isDirectory() === true || (found?.isFile() === true && path.endsWith(".ts"))
}

describe.each(["docs/threats.md", "docs/http.md"])("%s", (page) => {
  const { columns, rows } = rowsOf(page)

  it("has whole rows", () => {
    expect(rows.length).toBeGreaterThan(15)
    for (const row of rows) expect(row).toHaveLength(columns)
  })

  it.each(rows)("is held where it says: %s %s", (...row) => {
    const named = [...(row.at(-1) ?? "").matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path)
    expect(named).not.toEqual([])
    expect(named.filter((path) => !path.startsWith("test/") || !isThere(path))).toEqual([])
  })
})
