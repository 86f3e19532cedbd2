/** A long list goes to a node in parts that it takes. */
import { assert, describe, it } from "@effect/vitest"
import { bodyLimitBytes } from "../../src/http/limits.ts"
import { partsOf } from "../../src/ops/cli/parts.ts"

const items = (count: number, text: string) => Array.from({ length: count }, (_, n) => ({ sku: `SKU-${n}`, text }))
const sizes = (parts: ReadonlyArray<ReadonlyArray<unknown>>) => parts.map(({ length }) => length)
/** The longest reason there is, each character of it written as long as JSON writes one. */
const reason = "\u0001".repeat(500)

describe("a long list", () => {
  it("goes in parts of 500, in its order", () => {
    const all = items(1_200, "short")
    const parts = partsOf(all)
    assert.deepStrictEqual(sizes(parts), [500, 500, 200])
    assert.deepStrictEqual(parts.flat(), all)
    assert.deepStrictEqual(partsOf([]), [])
  })

  it.each(["é", "\n", "😀"])("goes in parts that fit into a body, however it is written: %j", (character) => {
    const all = items(200, character.repeat(4_000 / character.length))
    const parts = partsOf(all)
    assert.deepStrictEqual(parts.flat(), all)
    for (const products of parts)
      assert.isAtMost(Buffer.byteLength(JSON.stringify({ products, reason })), bodyLimitBytes)
    assert.isAtMost(parts.length, 10)
  })

  it("has what is too large by itself in a part of its own", () => {
    const [before = {}, after = {}] = items(2, "short")
    assert.deepStrictEqual(sizes(partsOf([before, { text: "x".repeat(300_000) }, after])), [1, 1, 1])
  })
})
