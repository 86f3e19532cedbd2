/** What shoppers see while the database is away, slow, and back: the last known goods, or nothing; never a false no. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { ProductId } from "../../src/catalog/Product.ts"
import { Storefront } from "../../src/catalog/Storefront.ts"
import { Crowd } from "../../src/jobs/Crowd.ts"
import { catalogueUnderFate, cup, Fate } from "./lastGood.ts"

const shop = Layer.provideMerge(Storefront.layer, catalogueUnderFate)
const second = { ...cup, sku: "CUP-2" as typeof cup.sku, name: "Second cup" }

const open = Effect.gen(function* () {
  yield* (yield* Catalog).importProducts([cup])
  yield* TestClock.adjust("1 second")
  yield* (yield* Catalog).importProducts([second])
  yield* TestClock.adjust("10 seconds")
  const { products } = yield* (yield* Catalog).list({ limit: 10 })
  return { ids: products.map(({ id }) => id), products, fate: yield* Fate }
})
const unknown = ProductId.make("prd_nobody_knows")

describe("while the database is away", () => {
  it.effect("products are listed and found as they were known last, and say how old that is", () =>
    Effect.gen(function* () {
      const { fate, ids, products } = yield* open
      const storefront = yield* Storefront
      fate.is = "down"
      yield* TestClock.adjust("25 seconds")
      const first = yield* storefront.list({ limit: 1 })
      assert.deepStrictEqual([first._tag, first.value.products], ["Stale", products.slice(0, 1)])
      if (first._tag === "Stale") {
        assert.isAtLeast(Duration.toSeconds(first.age), 25)
        assert.isBelow(Duration.toSeconds(first.age), 36)
        assert.strictEqual(first.because.last?.reason, "connection")
      }
      const next = yield* storefront.list({ limit: 1, cursor: first.value.next })
      assert.deepStrictEqual([next.value.products, next.value.next], [products.slice(1), undefined])
      assert.deepStrictEqual((yield* storefront.find(ids[0]!)).value, products[0])
    }).pipe(Effect.provide(shop))
  )

  it.effect("a level is the one that was known last, and says so", () =>
    Effect.gen(function* () {
      const { fate, ids } = yield* open
      fate.is = "down"
      const { value } = yield* (yield* Storefront).stockLevel(ids[0]!)
      assert.deepInclude(value, { available: 7, inStock: true, source: "cache", stale: true })
    }).pipe(Effect.provide(shop))
  )

  it.effect("what nobody knows is neither absent nor there", () =>
    Effect.gen(function* () {
      const { fate } = yield* open
      const storefront = yield* Storefront
      assert.strictEqual((yield* Effect.flip(storefront.find(unknown)))._tag, "ProductNotFound")
      fate.is = "down"
      const refused = { _tag: "DatabaseUnavailable", reason: "connection" } as const
      assert.deepInclude(yield* Effect.flip(storefront.find(unknown)), refused)
      assert.deepInclude(yield* Effect.flip(storefront.stockLevel(unknown)), refused)
    }).pipe(Effect.provide(shop))
  )

  it.effect("nothing that was ever known is not an empty list", () =>
    Effect.gen(function* () {
      const fate = yield* Fate
      fate.is = "down"
      const error = yield* Effect.flip((yield* Storefront).list({ limit: 10 }))
      assert.strictEqual(error._tag, "DatabaseUnavailable")
    }).pipe(Effect.provide(shop))
  )

  it.effect("levels are given up after an hour and products after four", () =>
    Effect.gen(function* () {
      const { fate, ids } = yield* open
      const storefront = yield* Storefront
      const answers = Effect.gen(function* () {
        const level = yield* Effect.result(storefront.stockLevel(ids[0]!))
        return [level._tag, (yield* Effect.result(storefront.find(ids[0]!)))._tag]
      })
      fate.is = "down"
      yield* TestClock.adjust("59 minutes")
      assert.deepStrictEqual(yield* answers, ["Success", "Success"])
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(yield* answers, ["Failure", "Success"])
      yield* TestClock.adjust("3 hours")
      assert.deepStrictEqual(yield* answers, ["Failure", "Failure"])
    }).pipe(Effect.provide(shop))
  )
})

describe("a database that does not answer", () => {
  it.effect("keeps a reader for less than a second, and after a few of them nobody at all", () =>
    Effect.gen(function* () {
      const { fate, ids } = yield* open
      const storefront = yield* Storefront
      fate.is = "silent"
      const fifty = Array.from({ length: 50 })
      const readers = yield* Effect.forkChild(
        Effect.forEach(fifty, () => storefront.find(ids[0]!), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("900 millis")
      for (const { _tag } of yield* Fiber.join(readers)) assert.strictEqual(_tag, "Stale")
      fate.asked = 0
      assert.strictEqual((yield* storefront.find(ids[0]!))._tag, "Stale")
      assert.strictEqual(fate.asked, 0)
    }).pipe(Effect.provide(shop))
  )
})

describe("when the database is back", () => {
  it.effect("readers see the live answer within two seconds, and each asks once", () =>
    Effect.gen(function* () {
      const { fate, ids } = yield* open
      const storefront = yield* Storefront
      fate.is = "down"
      yield* Effect.forEach(Array.from({ length: 100 }), () => storefront.find(ids[0]!))
      fate.is = "up"
      yield* TestClock.adjust("2 seconds")
      fate.asked = 0
      const answers = yield* Effect.forEach(Array.from({ length: 100 }), () => storefront.find(ids[0]!))
      assert.isTrue(answers.every(({ _tag }) => _tag === "Fresh"))
      assert.strictEqual(fate.asked, 100)
    }).pipe(Effect.provide(shop))
  )

  it.effect("as many readers at once as came during the outage ask it no more often than they are", () =>
    Effect.gen(function* () {
      const { fate, ids } = yield* open
      const storefront = yield* Storefront
      fate.is = "down"
      yield* Effect.forEach(Array.from({ length: 300 }), () => storefront.find(ids[0]!))
      fate.is = "up"
      fate.asked = 0
      yield* TestClock.adjust("10 seconds")
      // Nobody came: only the copy is read, once.
      assert.strictEqual(fate.asked, 1)
      yield* Effect.forEach(Array.from({ length: 300 }), () => storefront.find(ids[0]!), { concurrency: 300 })
      assert.isAtMost(fate.asked, 301)
    }).pipe(Effect.provide(shop))
  )
})

describe("in a crowd at the door", () => {
  /** More requests than the node can answer, or not. */
  const crowdedShop = Layer.provideMerge(shop, Crowd.layer)
  const crowd = Effect.map(Crowd, (door) => void (door.isAtTheDoor = () => true))

  it.effect("products and levels are shown as they were known last, seconds ago, and the database is not asked", () =>
    Effect.gen(function* () {
      const { fate, ids, products } = yield* open
      yield* crowd
      const storefront = yield* Storefront
      const before = fate.asked
      const first = yield* storefront.list({ limit: 1 })
      assert.deepStrictEqual([first._tag, first.value.products], ["Stale", products.slice(0, 1)])
      if (first._tag === "Stale") {
        assert.isBelow(Duration.toSeconds(first.age), 11)
        assert.strictEqual(first.because.reason, "BulkheadFull")
      }
      assert.deepStrictEqual((yield* storefront.find(ids[0]!)).value, products[0])
      assert.deepInclude((yield* storefront.stockLevel(ids[0]!)).value, { available: 7, source: "cache", stale: true })
      assert.strictEqual(fate.asked, before)
    }).pipe(Effect.provide(crowdedShop))
  )

  it.effect("what is not known is asked for, and so is everything when what is known is half a minute old", () =>
    Effect.gen(function* () {
      const { fate, ids } = yield* open
      yield* crowd
      const storefront = yield* Storefront
      assert.strictEqual((yield* Effect.flip(storefront.find(unknown)))._tag, "ProductNotFound")
      fate.is = "down"
      yield* TestClock.adjust("30 seconds")
      fate.is = "up"
      assert.strictEqual((yield* storefront.find(ids[0]!))._tag, "Fresh")
    }).pipe(Effect.provide(crowdedShop))
  )
})
