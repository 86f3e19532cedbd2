/** The documents say what is so: commands that exist, links that lead somewhere, figures that a command gives. */
import { describe, expect, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import packageJson from "../package.json" with { type: "json" }
import { callsOf, firstCommandLine, linksOf, scriptsOf, unprovenFigures } from "./docs/readme.ts"
import { root } from "./forbidden/syntax.ts"

const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "")
const documents = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"]

describe.each(documents)("%s", (path) => {
  const document = read(path)

  it("is there", () => expect(document).not.toBe(""))

  it("names only npm scripts that exist", () => {
    expect(scriptsOf(document).filter((script) => !(script in packageJson.scripts))).toEqual([])
  })

  it("links only to files that exist", () => {
    expect(linksOf(document).filter((to) => to !== "" && !existsSync(join(root, path, "..", to)))).toEqual([])
  })

  it("gives no measured figure without the command that gives it", () => {
    expect(unprovenFigures(document)).toEqual([])
  })

  it("names no path of a machine", () => {
    expect(document.match(/(?<![\w.])\/(home|root|work|Users)\/\S*/g) ?? []).toEqual([])
  })
})

describe("README.md", () => {
  const readme = read("README.md")

  it("shows its first command by line 12", () => expect(firstCommandLine(readme)).toBeLessThanOrEqual(12))
  it("is shorter than 200 lines", () => expect(readme.split("\n").length).toBeLessThan(200))
  it("prints calls with their answers", () => {
    expect(callsOf(readme).filter(({ answer }) => answer !== undefined).length).toBeGreaterThan(0)
  })
})
