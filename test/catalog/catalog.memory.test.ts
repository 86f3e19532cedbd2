/** The catalogue's contract on maps, as the shop in memory has them, and the shelf that it shares with orders. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { Sku } from "../../src/catalog/Product.ts"
import { StockMemory } from "../../src/catalog/StockMemory.ts"
import { catalogContract } from "./contract.ts"

const memory = Catalog.layerMemory.pipe(
  Layer.provideMerge(StockMemory.layer),
  Layer.provide(NodeCrypto.layerSecureRandom)
)

catalogContract("in memory", memory)

layer(memory)("importing beside orders, in memory", (it) => {
  it.effect("what customers were promised is never taken back", () =>
    Effect.gen(function* () {
      const [catalog, shelves] = [yield* Catalog, yield* StockMemory]
      const sku = Sku.make("LAMP")
      const lamp = { sku, name: "Lamp", description: "", price: { amount: 100, currency: "EUR" }, received: 10 }
      yield* catalog.importProducts([lamp])
      // Two were sold, four are promised.
      shelves.set(sku, { onHand: 8, reserved: 4 })
      const { id } = (yield* catalog.list({ limit: 1 })).products[0]!
      assert.strictEqual((yield* catalog.stockLevel(id)).available, 4)
      const refused = yield* Effect.flip(catalog.importProducts([{ ...lamp, name: "Cheaper lamp", received: 5 }]))
      assert.deepInclude(refused, { _tag: "ImportRefused", reason: "below_reserved", skus: [sku] })
      assert.strictEqual((yield* catalog.find(id)).name, "Lamp")
      yield* catalog.importProducts([{ ...lamp, received: 106 }])
      assert.deepStrictEqual(shelves.get(sku), { onHand: 104, reserved: 4 })
    })
  )
})
