/**
 * The guide of the kit does what it says: every example of `docs/kit` type-checks with this repository's options, runs
 * and prints what stands below it; every page of the index is there and whole.
 */
import { execFile } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import * as Kit from "holdfast/resilience"
import { blocksOf, linksOf } from "./readme.ts"

const root = new URL("../../", import.meta.url)
const guide = new URL("docs/kit/", root)
const folder = new URL(`.examples-${process.pid}/`, guide)
const run = promisify(execFile)

const read = (page: string) => readFileSync(new URL(page, guide), "utf8")
const pages = readdirSync(guide).filter((name) => name.endsWith(".md"))
const sections = ["## About", "## Defaults", "## Example", "## Telemetry", "## Anti-patterns"]
const indexed = linksOf(read("README.md")).filter((link) => /^[a-z-]+\.md$/.test(link))

/** The `ts` blocks of a page that a `text` block follows: the program, and what it prints. */
const examplesOf = (page: string) => {
  const document = read(page)
  const example = page === "README.md" ? document : (document.split("\n## Example\n")[1]?.split("\n## ")[0] ?? "")
  return blocksOf(example).flatMap((block, index, blocks) => {
    const next = blocks[index + 1]
    return block.language === "ts" && next?.language === "text"
      ? [{ page, file: `${page.replace(".md", "")}-${index}.ts`, program: block.text, printed: next.text }]
      : []
  })
}

const examples = pages.flatMap(examplesOf)

beforeAll(() => {
  mkdirSync(folder)
  for (const { file, program } of examples) writeFileSync(new URL(file, folder), `${program}\n`)
  const config = {
    extends: "../../../tsconfig.json",
    compilerOptions: { plugins: [] },
    include: ["*.ts"],
    exclude: ["run-*"]
  }
  writeFileSync(new URL("tsconfig.json", folder), JSON.stringify(config))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** One process runs its examples one after another: most of the time of each would be the import of Effect. */
const printedBy = async (some: typeof examples) => {
  const steps = some.map(({ file }) => `console.log("${file}"); await import("./${file}")`)
  const runner = new URL(`run-${some[0]?.file ?? "none.ts"}`, folder)
  writeFileSync(runner, `${steps.join("\n")}\n`)
  return `${await output([fileURLToPath(runner)])}\n`
}

/** What a process printed to both of its streams, and whether it ended well. */
const output = (args: ReadonlyArray<string>) =>
  run(process.execPath, args, { cwd: fileURLToPath(root), timeout: 20_000 }).then(
    ({ stdout }) => stdout.trimEnd(),
    (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`
  )

describe("the kit's guide", () => {
  it("prints what stands below each example", { timeout: 60_000 }, async () => {
    const half = Math.ceil(examples.length / 2)
    const printed = await Promise.all([examples.slice(0, half), examples.slice(half)].map(printedBy))
    expect(printed.join("")).toBe(examples.map(({ file, printed }) => `${file}\n${printed}\n`).join(""))
  })

  it("type-checks", { timeout: 60_000 }, async () => {
    const compiler = fileURLToPath(new URL("node_modules/typescript/bin/tsc", root))
    expect(await output([compiler, "--noEmit", "-p", fileURLToPath(folder)])).toBe("")
  })

  it("has an example on each page, and every page is in the index", () => {
    expect([...new Set(examples.map(({ page }) => page))]).toEqual(pages)
    expect(pages.filter((page) => page !== "README.md")).toEqual([...new Set(indexed)].toSorted())
  })

  it.each([...new Set(indexed)])("%s has the sections of a page, in their order", (page) => {
    expect(pages).toContain(page)
    const headings = read(page)
      .split("\n")
      .filter((line) => /^#{1,2} /.test(line))
    expect(headings[0]).toMatch(/^# /)
    expect(headings.slice(1)).toEqual(sections)
  })

  it("names every export of the kit", () => {
    const words = new Set(pages.map(read).join("\n").match(/\w+/g))
    expect(Object.keys(Kit).filter((name) => !words.has(name))).toEqual([])
  })
})
