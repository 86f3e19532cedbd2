/** Stock levels of goods that are kept elsewhere: what is asked there, and what is shown when nobody knows. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { LastGoodCatalogue } from "../../src/catalog/LastGoodCatalogue.ts"
import { Sku } from "../../src/catalog/Product.ts"
import { Storefront } from "../../src/catalog/Storefront.ts"
import { TermsOfSale } from "../../src/catalog/TermsOfSale.ts"
import { Inventory } from "../../src/dependencies/inventory/Inventory.ts"
import { InventoryMemory, InventoryShelves } from "../../src/dependencies/inventory/InventoryMemory.ts"

const cup = {
  sku: Sku.make("CUP-1"),
  name: "Cup",
  description: "",
  price: { amount: 5, currency: "EUR" },
  received: 100
}

const levelOfCup = Effect.gen(function* () {
  const catalog = yield* Catalog
  yield* catalog.importProducts([cup])
  const { products } = yield* catalog.list({ limit: 1 })
  return (yield* (yield* Storefront).stockLevel(products[0]!.id)).value
})
const catalogOver = <R>(inventory: Layer.Layer<R>) =>
  Storefront.layer.pipe(
    Layer.provideMerge(LastGoodCatalogue.layer),
    Layer.provideMerge(Layer.merge(Catalog.layerMemory, TermsOfSale.layerMemory)),
    Layer.provideMerge(inventory),
    Layer.provide(NodeCrypto.layer)
  )

it.effect("goods that are kept elsewhere are counted there, not in the shop's own table", () =>
  Effect.gen(function* () {
    ;(yield* InventoryShelves).receive(cup.sku, 7)
    assert.deepInclude(yield* levelOfCup, { available: 7, inStock: true, source: "live", stale: false })
  }).pipe(Effect.provide(catalogOver(InventoryMemory.layer)))
)

it.effect("goods that are not kept there are out of stock", () =>
  Effect.gen(function* () {
    assert.deepInclude(yield* levelOfCup, { available: 0, inStock: false, source: "live", stale: false })
  }).pipe(Effect.provide(catalogOver(InventoryMemory.layer)))
)

const answering = (available: number | null, source: "cache" | "default") =>
  Layer.mock(Inventory, {
    level: (sku) => Effect.map(DateTime.now, (asOf) => ({ sku, available, source, asOf }))
  })

it.effect("a level that is not live says so", () =>
  Effect.gen(function* () {
    assert.deepInclude(yield* levelOfCup, { available: 3, inStock: true, source: "cache", stale: true })
  }).pipe(Effect.provide(catalogOver(answering(3, "cache"))))
)

it.effect("what nobody knows is in stock until a reservation says otherwise", () =>
  Effect.gen(function* () {
    assert.deepInclude(yield* levelOfCup, { available: null, inStock: true, source: "default", stale: true })
  }).pipe(Effect.provide(catalogOver(answering(null, "default"))))
)
