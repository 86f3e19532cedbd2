/** The goods that the sandbox begins with are goods that the catalogue takes. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Exit, Schema } from "effect"
import { ProductImport } from "../../src/catalog/ProductImport.ts"
import { discounts, products, shippingBands } from "../../src/sandbox/catalogue.ts"

describe("a product to import", () => {
  it.effect.each([
    ["a text with NUL", { name: "Lamp\u0000" }],
    ["half a surrogate pair", { description: "\uD800" }],
    ["no name", { name: "" }],
    ["a price below zero", { price: { amount: -1, currency: "EUR" } }],
    ["a fraction of a cent", { price: { amount: 0.5, currency: "EUR" } }],
    ["a currency in small letters", { price: { amount: 1, currency: "eur" } }],
    ["a SKU with a space", { sku: "A B" }],
    ["a stock below zero", { received: -1 }]
  ] as const)("with %s is refused before it reaches the database", ([, change]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Schema.decodeUnknownEffect(ProductImport)({ ...products[0], ...change }))
      assert.isTrue(Exit.isFailure(exit))
    })
  )
})

describe("the sandbox's catalogue", () => {
  it.effect("has some thirty products, each of which can be imported", () =>
    Effect.gen(function* () {
      assert.isAtLeast(products.length, 30)
      for (const product of products) yield* Schema.decodeEffect(ProductImport)(product)
      assert.strictEqual(new Set(products.map((product) => product.sku)).size, products.length)
    })
  )

  it("has two discounts with a beginning before their end", () => {
    assert.strictEqual(discounts.length, 2)
    for (const discount of discounts) assert.isTrue(DateTime.isLessThan(discount.startsAt, discount.endsAt))
  })

  it("ships for less the more is bought, from the first cent on", () => {
    const prices = shippingBands.toSorted((a, b) => a.minimumSubtotal - b.minimumSubtotal)
    assert.strictEqual(prices[0]?.minimumSubtotal, 0)
    assert.deepStrictEqual(
      prices.map((band) => band.price),
      prices.map((band) => band.price).toSorted((a, b) => b - a)
    )
  })
})
