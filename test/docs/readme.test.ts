/** What the tests of the documents can read from one, on a document of a few lines. */
import { describe, expect, it } from "@effect/vitest"
import { blocksOf, callsOf, firstCommandLine, isAnswer, linksOf, scriptsOf, unprovenFigures } from "./readme.ts"

describe("what is read from a document", () => {
  const document = [
    "# Title",
    "One sentence with `npm run check` and a [link](docs/kit.md#retry), [another](https://example.com).",
    "```sh",
    "npm start",
    "curl -s localhost:3000/v1/products",
    "```",
    "answers",
    "```json",
    `{ "data": […], "has_more": false }`,
    "```",
    "## Speed",
    "A call takes 2.5 µs.",
    "## Size",
    "It is 40 ms, says `npm run bench`.",
    "```sh",
    "npm ci && npm test",
    "```"
  ].join("\n")

  it("is every block with its line", () => {
    expect(blocksOf(document).map(({ language, line }) => [language, line])).toEqual([
      ["sh", 3],
      ["json", 8],
      ["sh", 15]
    ])
    expect(firstCommandLine(document)).toBe(4)
  })

  it("is every npm script, in a block or in a sentence, without npm's own commands", () => {
    expect(scriptsOf(document).toSorted()).toEqual(["bench", "check", "start", "test"])
  })

  it("is every relative link", () => expect(linksOf(document)).toEqual(["docs/kit.md"]))

  it("is each section whose figure has no command", () => expect(unprovenFigures(document)).toEqual(["## Speed"]))

  it("is each call with the answer that follows it", () => {
    const [call, ...others] = callsOf(document)
    expect(others).toEqual([])
    expect(call).toMatchObject({ line: 3, answer: `{ "data": […], "has_more": false }` })
  })

  it("lets … stand for anything, and nothing else", () => {
    expect(isAnswer(`{ "data": […], "id": "ord_…" }`, `{"data":[{"a":1}],"id":"ord_1"}`)).toBe(true)
    expect(isAnswer(`{ "data": […], "id": "ord_…" }`, `{"data":[],"id":"usr_1"}`)).toBe(false)
    expect(isAnswer("201 Created", "201 Created, and more")).toBe(false)
  })
})
