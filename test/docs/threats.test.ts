/** The page on threats: each row says what holds it, and that is there. */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { root } from "../forbidden/syntax.ts"

const rows = readFileSync(join(root, "docs/threats.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|") && !/^\|[\s|-]+\|$/.test(line))
  .slice(1)
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim())
  )

/** A test file, what its tests share, or a folder of them. */
const isThere = (path: string) => {
  const found = statSync(join(root, path), { throwIfNoEntry: false })
  return found?.isDirectory() === true || (found?.isFile() === true && path.endsWith(".ts"))
}

describe("the page on threats", () => {
  it("has rows of who, what, against it, and by what it is held", () => {
    expect(rows.length).toBeGreaterThan(15)
    for (const row of rows) expect(row).toHaveLength(4)
  })

  it.each(rows.map(([, wants = "", , held = ""]) => [wants, held] as const))(
    "names tests that there are: %s",
    (_, held) => {
      const named = [...held.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path)
      expect(named).not.toEqual([])
      expect(named.filter((path) => !path.startsWith("test/") || !isThere(path))).toEqual([])
    }
  )
})
