/** The catalogue of errors says what the table says, all of it and nothing else. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { catalogueOf } from "../../src/http/catalogue.ts"
import { problems } from "../../src/http/problems.ts"
import { root } from "../forbidden/syntax.ts"
import { examples } from "../../src/http/examples.ts"

const page = readFileSync(join(root, "docs/errors.md"), "utf8")
const documented = [...page.matchAll(/^## `(\w+)`$/gm)].map(([, code]) => code)
const row = (code: string, status: number) => ({ code, status, title: "A title", retry: "never" }) as const

describe("docs/errors.md", () => {
  it("has a section for every code of the table", () => {
    const codes = new Set(Object.values(problems).map(({ code }) => code))
    assert.deepStrictEqual(
      [...codes].filter((code) => !documented.includes(code)),
      []
    )
  })

  it("has no section for a code that the table does not have", () => {
    const codes = new Set<string | undefined>(Object.values(problems).map(({ code }) => code))
    assert.deepStrictEqual(
      documented.filter((code) => !codes.has(code)),
      []
    )
  })

  it("is what `npm run docs` writes", () => {
    assert.strictEqual(page, catalogueOf(problems, examples))
  })
})

describe("the catalogue", () => {
  it("is sorted by status, then by code", () => {
    const table = { B: row("second", 400), C: row("third", 401), A: row("first", 400) }
    const codes = [...catalogueOf(table, {}).matchAll(/^## `(\w+)`$/gm)].map(([, code]) => code)
    assert.deepStrictEqual(codes, ["first", "second", "third"])
  })

  it("puts the errors of one code under it, each with its category and its words", () => {
    const table = { Two: row("one_code", 400), One: row("one_code", 400) }
    const said = {
      One: { category: "permanent", message: "Do this." },
      Two: { category: "transient", message: "Wait." }
    } as const
    assert.include(
      catalogueOf(table, said),
      [
        "## `one_code`",
        "",
        "400 · A title · retry `never`",
        "",
        "- `One` (permanent): Do this.",
        "- `Two` (transient): Wait."
      ].join("\n")
    )
  })

  it("names every error of the table exactly once", () => {
    for (const tag of Object.keys(problems)) assert.strictEqual(page.split(`\`${tag}\``).length, 2, tag)
  })
})
