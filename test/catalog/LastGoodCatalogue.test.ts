/** The last known catalogue: read behind the scenes, kept through an outage, given up when it is too old. */
import { assert, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { LastGoodCatalogue } from "../../src/catalog/LastGoodCatalogue.ts"
import { quotedFor } from "../../src/catalog/policy.ts"
import { TermsOfSale } from "../../src/catalog/TermsOfSale.ts"
import { catalogueUnderFate, cup, Fate } from "./lastGood.ts"

const priceOfCup = Effect.gen(function* () {
  const known = yield* (yield* LastGoodCatalogue).within(quotedFor)
  const lines = Option.flatMap(known, ({ priceLines }) => priceLines([cup.sku]))
  return Option.getOrUndefined(lines)?.get(cup.sku)?.price.amount
})
const filled = Effect.gen(function* () {
  yield* (yield* Catalog).importProducts([cup])
  yield* (yield* TermsOfSale).put({
    discounts: [],
    shippingBands: [{ currency: "EUR", minimumSubtotal: 0, price: 590 }]
  })
  yield* TestClock.adjust("1 second")
})

it.effect("of an empty shop nothing is known, and soon after its first goods come they are", () =>
  Effect.gen(function* () {
    yield* TestClock.adjust("1 minute")
    assert.isUndefined(yield* priceOfCup)
    yield* filled
    assert.strictEqual(yield* priceOfCup, 500)
    const known = Option.getOrThrow(yield* (yield* LastGoodCatalogue).within(quotedFor))
    assert.deepStrictEqual(Option.getOrThrow(known.terms(undefined)).shippingBands.length, 1)
  }).pipe(Effect.provide(catalogueUnderFate))
)

it.effect("a new price is known ten seconds later, whoever asks", () =>
  Effect.gen(function* () {
    yield* filled
    yield* (yield* Catalog).importProducts([{ ...cup, price: { amount: 600, currency: "EUR" } }])
    assert.strictEqual(yield* priceOfCup, 500)
    yield* TestClock.adjust("10 seconds")
    assert.strictEqual(yield* priceOfCup, 600)
  }).pipe(Effect.provide(catalogueUnderFate))
)

it.effect("an outage changes nothing of what is known, until it is too old for its use", () =>
  Effect.gen(function* () {
    yield* filled
    const fate = yield* Fate
    fate.is = "down"
    yield* TestClock.adjust("50 minutes")
    assert.strictEqual(yield* priceOfCup, 500)
    const known = Option.getOrThrow(yield* (yield* LastGoodCatalogue).within(quotedFor))
    const age = DateTime.distance(known.readAt, yield* DateTime.now)
    assert.isAtLeast(Duration.toMinutes(age), 50)
    yield* TestClock.adjust("11 minutes")
    assert.isUndefined(yield* priceOfCup)
    fate.is = "up"
    yield* TestClock.adjust("10 seconds")
    assert.strictEqual(yield* priceOfCup, 500)
  }).pipe(Effect.provide(catalogueUnderFate))
)

it.effect("is read once in ten seconds, and by nobody's asking", () =>
  Effect.gen(function* () {
    yield* filled
    const fate = yield* Fate
    fate.asked = 0
    yield* Effect.forEach(Array.from({ length: 100 }), () => priceOfCup, { concurrency: "unbounded" })
    yield* TestClock.adjust("100 seconds")
    assert.strictEqual(fate.asked, 10)
  }).pipe(Effect.provide(catalogueUnderFate))
)
