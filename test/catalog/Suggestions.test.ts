/** What is suggested beside a product: what the recommender says, as far as it is sold; never an error for want of it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { ProductId, Sku } from "../../src/catalog/Product.ts"
import { Storefront } from "../../src/catalog/Storefront.ts"
import { recommending, Suggestions } from "../../src/catalog/Suggestions.ts"
import { Pairings, RecommendationsMemory } from "../../src/dependencies/recommendations/RecommendationsMemory.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { catalogueUnderFate, cup, Fate } from "./lastGood.ts"

const storefront = Layer.provideMerge(Storefront.layer, Layer.merge(catalogueUnderFate, KillSwitches.layerMemory))
const shop = Layer.provideMerge(Suggestions.layer, Layer.merge(storefront, RecommendationsMemory.layer))
const saucer = { ...cup, sku: Sku.make("SAUCER"), name: "Saucer" }

const open = Effect.gen(function* () {
  const catalog = yield* Catalog
  yield* catalog.importProducts([cup, saucer])
  yield* TestClock.adjust("11 seconds")
  const { products } = yield* catalog.list({ limit: 10 })
  const idOf = (sku: string) => products.find((product) => product.sku === sku)?.id ?? ProductId.make("prd_missing")
  return { fate: yield* Fate, idOf }
})

describe("suggestions", () => {
  it.effect("are what goes with a product and is sold, in the recommender's order, without asking the database", () =>
    Effect.gen(function* () {
      const { fate, idOf } = yield* open
      ;(yield* Pairings).set("CUP", ["GONE", "SAUCER", "CUP"])
      const suggestions = yield* Suggestions
      const seen = yield* suggestions.of(idOf("CUP"))
      if (seen._tag === "Nothing") return assert.fail(seen._tag)
      assert.deepStrictEqual(
        seen.value.map(({ sku }) => sku),
        ["SAUCER", "CUP"]
      )
      fate.is = "down"
      const while_ = yield* suggestions.of(idOf("CUP"))
      assert.deepStrictEqual(while_, seen)
    }).pipe(Effect.provide(shop))
  )

  it.effect("of no product are no suggestions: it is not there", () =>
    Effect.gen(function* () {
      yield* open
      const error = yield* Effect.flip((yield* Suggestions).of(ProductId.make("prd_nobody")))
      assert.strictEqual(error._tag, "ProductNotFound")
    }).pipe(Effect.provide(shop))
  )

  it.effect("are nothing, and no error, while nothing at all is known", () =>
    Effect.gen(function* () {
      const fate = yield* Fate
      fate.is = "down"
      assert.strictEqual((yield* (yield* Suggestions).of(ProductId.make("prd_any")))._tag, "Nothing")
    }).pipe(Effect.provide(shop))
  )

  it.effect("are nothing, and nobody is asked, while an operator has switched them off", () =>
    Effect.gen(function* () {
      const { idOf } = yield* open
      ;(yield* Pairings).set("CUP", ["SAUCER"])
      const [suggestions, switches] = [yield* Suggestions, yield* KillSwitches]
      const by = { actor: "ada", reason: "drill" }
      yield* switches.set(recommending, "off", by)
      assert.deepStrictEqual(yield* suggestions.of(idOf("CUP")), { _tag: "Nothing" })
      assert.strictEqual((yield* Effect.flip(suggestions.of(ProductId.make("prd_nobody"))))._tag, "ProductNotFound")
      yield* switches.clear(recommending, "off", by)
      assert.strictEqual((yield* suggestions.of(idOf("CUP")))._tag, "Fresh")
    }).pipe(Effect.provide(shop))
  )

  it.effect("are none where there is no recommender", () =>
    Effect.gen(function* () {
      const { idOf } = yield* open
      assert.deepStrictEqual(yield* (yield* Suggestions).of(idOf("CUP")), { _tag: "Fresh", value: [] })
    }).pipe(Effect.provide(Layer.provideMerge(Suggestions.layer, storefront)))
  )
})
