/** What an order costs: by example, and by property over any cart, discount and band. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Result, Schema } from "effect"
import type { Discount, ShippingBand } from "../../src/catalog/TermsOfSale.ts"
import { type Price, price, type PricedLine } from "../../src/orders/pricing.ts"

const now = DateTime.makeUnsafe("2026-06-01T00:00:00Z")
const offer = {
  code: "SALE",
  minimumSubtotal: 0,
  startsAt: DateTime.makeUnsafe("2026-01-01T00:00:00Z"),
  endsAt: DateTime.makeUnsafe("2027-01-01T00:00:00Z")
}
const percent = (value: number, more: Partial<Discount> = {}): Discount =>
  ({ ...offer, kind: "percentage", value, ...more }) as Discount
const amount = (value: number, more: Partial<Discount> = {}): Discount =>
  ({ ...offer, kind: "amount", value, currency: "EUR", ...more }) as Discount
const line = (unitPriceCents: number, quantity = 1, currency = "EUR"): PricedLine => ({
  sku: "A",
  name: "A",
  quantity,
  unitPriceCents,
  currency
})
const bands: ReadonlyArray<ShippingBand> = [
  { currency: "EUR", minimumSubtotal: 0, price: 590 },
  { currency: "EUR", minimumSubtotal: 5000, price: 290 },
  { currency: "EUR", minimumSubtotal: 10_000, price: 0 },
  { currency: "CHF", minimumSubtotal: 0, price: 990 }
]
const priced = (lines: ReadonlyArray<PricedLine>, discount?: Discount | null, shippingBands = bands) =>
  price(lines, { discount, shippingBands }, now)
const total = (lines: ReadonlyArray<PricedLine>, discount?: Discount | null) =>
  Result.map(priced(lines, discount), ({ totalCents }) => totalCents)
const refusal = (result: ReturnType<typeof priced>) =>
  Result.isFailure(result) ? ("reason" in result.failure ? result.failure.reason : result.failure._tag) : "priced"

describe("the price of an order", () => {
  it("is its lines, less the discount, plus shipping by the subtotal before the discount", () => {
    assert.deepStrictEqual(Result.getOrThrow(priced([line(2000, 2), line(1500)], percent(10))), {
      subtotalCents: 5500,
      discountCents: 550,
      shippingCents: 290,
      totalCents: 5240,
      currency: "EUR"
    })
  })

  it("takes the highest band that the subtotal reaches, the band's own minimum included", () => {
    const shipping = (cents: number) => Result.getOrThrow(priced([line(cents)])).shippingCents
    assert.deepStrictEqual([4999, 5000, 9999, 10_000].map(shipping), [590, 290, 290, 0])
  })

  it("rounds a percentage down to the minor unit", () => {
    assert.strictEqual(Result.getOrThrow(priced([line(999)], percent(10))).discountCents, 99)
  })

  it("never takes off more than the goods cost", () => {
    assert.strictEqual(Result.getOrThrow(total([line(1000)], amount(5000))), 590)
  })

  it("is refused for a discount that does not apply, with the reason", () => {
    const late = { startsAt: DateTime.makeUnsafe("2026-06-02T00:00:00Z") }
    const over = { endsAt: now }
    const reasons = [null, percent(10, late), percent(10, over), amount(100, { currency: "CHF" } as Partial<Discount>)]
      .map((discount) => refusal(priced([line(1000)], discount)))
      .concat(refusal(priced([line(1000)], percent(10, { minimumSubtotal: 1001 }))))
    assert.deepStrictEqual(reasons, ["unknown", "not_yet", "over", "other_currency", "below_minimum"])
  })

  it("applies a discount from its first moment on, and from its minimum on", () => {
    assert.strictEqual(refusal(priced([line(1000)], percent(10, { startsAt: now, minimumSubtotal: 1000 }))), "priced")
  })

  it("is refused for two currencies", () => {
    assert.strictEqual(refusal(priced([line(1000), line(1000, 1, "CHF")])), "MixedCurrencies")
  })

  it("is refused when it is not what the client expected, with both figures", () => {
    const result = price([line(1000)], { discount: undefined, shippingBands: [] }, now, 900)
    assert.isTrue(Result.isFailure(result))
    if (Result.isFailure(result))
      assert.deepInclude(result.failure, { _tag: "PriceChanged", expected: 900, total: 1000 })
  })

  it("is refused when the provider would refuse to take it, and may be nothing at all", () => {
    const verdict = (cents: number, currency = "EUR") => refusal(priced([line(cents, 1, currency)], undefined, []))
    assert.deepStrictEqual(
      [0, 1, 49, 50, 99_999_999, 100_000_000].map((cents) => verdict(cents)),
      ["priced", "TotalNotPayable", "TotalNotPayable", "priced", "priced", "TotalNotPayable"]
    )
    assert.deepStrictEqual(
      [29, 30].map((cents) => verdict(cents, "GBP")),
      ["TotalNotPayable", "priced"]
    )
    assert.strictEqual(verdict(49, "SEK"), "TotalNotPayable")
  })

  const anyLines = Schema.Array(
    Schema.Struct({
      unitPriceCents: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 19_000 })),
      quantity: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))
    })
  ).check(Schema.isMinLength(1), Schema.isMaxLength(50))
  const anyDiscount = Schema.Struct({
    percentage: Schema.Boolean,
    value: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
    factor: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))
  })

  /** A cart that the provider would take no payment for has no price to look at. */
  const whenPayable = (result: ReturnType<typeof priced>, look: (price: Price) => void) =>
    Result.match(result, {
      onSuccess: look,
      onFailure: (refused) => assert.strictEqual(refused._tag, "TotalNotPayable")
    })

  it.effect.prop("adds up, and no part of it is ever negative or not whole", [anyLines, anyDiscount], ([lines, any]) =>
    Effect.sync(() => {
      const discount = any.percentage ? percent(any.value) : amount(any.value * any.factor)
      const cart = lines.map((each) => line(each.unitPriceCents, each.quantity))
      whenPayable(priced(cart, discount), ({ subtotalCents, discountCents, shippingCents, totalCents }) => {
        const sum = lines.reduce((all, each) => all + each.unitPriceCents * each.quantity, 0)
        assert.strictEqual(subtotalCents, sum)
        assert.strictEqual(totalCents, subtotalCents - discountCents + shippingCents)
        assert.isTrue(discountCents >= 0 && discountCents <= subtotalCents && shippingCents >= 0)
        assert.isTrue([subtotalCents, discountCents, shippingCents, totalCents].every(Number.isSafeInteger))
      })
    })
  )

  it.effect.prop("does not depend on the order of lines or bands", [anyLines, anyDiscount], ([lines, any]) =>
    Effect.sync(() => {
      const cart = lines.map((each) => line(each.unitPriceCents, each.quantity))
      const one = priced(cart, percent(any.value))
      assert.deepStrictEqual(priced(cart.toReversed(), percent(any.value), bands.toReversed()), one)
    })
  )

  it.effect.prop("applies a discount once: pricing again changes nothing", [anyLines, anyDiscount], ([lines, any]) =>
    Effect.sync(() => {
      const cart = lines.map((each) => line(each.unitPriceCents, each.quantity))
      whenPayable(priced(cart, percent(any.value)), (once) =>
        assert.strictEqual(once.discountCents, Math.floor((once.subtotalCents * any.value) / 100))
      )
    })
  )
})
