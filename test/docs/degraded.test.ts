/** docs/degraded.md names every feature and every mode that a shopper may be told of. */
import { describe, expect, it } from "@effect/vitest"
import { readFileSync } from "node:fs"

const page = readFileSync("docs/degraded.md", "utf8")
const told = [...readFileSync("src/ops/notices.ts", "utf8").matchAll(/^ {2}"(\w+) (\w+)": "/gm)]
const features = [...new Set(told.map(([, feature = ""]) => feature))].sort()
const modes = [...new Set(told.map(([, , mode = ""]) => mode))]

describe("docs/degraded.md", () => {
  it("names every feature", () => {
    const listed = /Features: ([^.]+)\./.exec(page)?.[1]?.match(/\w+/g) ?? []
    expect(listed).toEqual(features)
    expect(features.length).toBeGreaterThan(10)
  })

  it("says what every mode means", () => {
    expect(modes.filter((mode) => !page.includes(`| \`${mode}\` | `))).toEqual([])
    expect(modes.length).toBeGreaterThan(4)
  })
})
