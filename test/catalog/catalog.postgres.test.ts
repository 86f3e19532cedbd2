/** The catalogue on real PostgreSQL: its contract, and what only a database can get wrong. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { Sku } from "../../src/catalog/Product.ts"
import type { ProductImport } from "../../src/catalog/ProductImport.ts"
import { TermsOfSale } from "../../src/catalog/TermsOfSale.ts"
import { Database } from "../../src/database/Database.ts"
import { discounts, products, shippingBands } from "../../src/sandbox/catalogue.ts"
import { TestDatabase } from "../database/testDatabase.ts"
import { catalogContract } from "./contract.ts"

const postgres = Layer.mergeAll(Catalog.layer, TermsOfSale.layer).pipe(
  Layer.provideMerge(TestDatabase.layer),
  Layer.provide(NodeCrypto.layerSecureRandom)
)

catalogContract("in PostgreSQL", postgres)

const lamp: ProductImport = {
  sku: Sku.make("LAMP"),
  name: "Lamp",
  description: "",
  price: { amount: 100, currency: "EUR" },
  received: 10
}
const stockOf = (sku: string) =>
  Effect.flatMap(Database, (database) =>
    database.query(
      "test.stock",
      (sql) => sql<Record<"on_hand" | "reserved" | "received", number>>`
        select on_hand, reserved, received from stock where sku = ${sku}`
    )
  )

layer(postgres)("importing beside orders", (it) => {
  it.effect("what customers were promised is never taken back, and the import that would is refused as a whole", () =>
    Effect.gen(function* () {
      const [catalog, database] = [yield* Catalog, yield* Database]
      yield* catalog.importProducts([lamp])
      yield* database.query("test.sell", (sql) => sql`update stock set reserved = 4, on_hand = 8, committed = 2`)
      const changed = { ...lamp, name: "Cheaper lamp" }
      const refused = yield* Effect.flip(catalog.importProducts([{ ...changed, received: 5 }]))
      assert.deepInclude(refused, { _tag: "ImportRefused", reason: "below_reserved", skus: [lamp.sku] })
      assert.strictEqual((yield* catalog.priceLines([lamp.sku])).get(lamp.sku)?.name, "Lamp")
      yield* catalog.importProducts([{ ...changed, received: 6 }])
      assert.deepStrictEqual(yield* stockOf("LAMP"), [{ on_hand: 4, reserved: 4, received: 6 }])
      yield* catalog.importProducts([{ ...changed, received: 106 }])
      assert.deepStrictEqual(yield* stockOf("LAMP"), [{ on_hand: 104, reserved: 4, received: 106 }])
    })
  )

  it.effect("imports of the same goods at once, in any order, all succeed and add nothing twice", () =>
    Effect.gen(function* () {
      const catalog = yield* Catalog
      const batch = Array.from({ length: 40 }, (_, i) => ({ ...lamp, sku: Sku.make(`MANY-${i}`), received: 7 }))
      const answers = yield* Effect.forEach(
        [batch, batch.toReversed(), batch, batch.toReversed()],
        (goods) => catalog.importProducts(goods),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(
        answers.reduce((sum, { added }) => sum + added, 0),
        40
      )
      assert.deepStrictEqual(yield* stockOf("MANY-39"), [{ on_hand: 7, reserved: 0, received: 7 }])
    })
  )

  it.effect("prices are read inside the caller's open transaction", () =>
    Effect.gen(function* () {
      const [catalog, database] = [yield* Catalog, yield* Database]
      const sku = Sku.make("INSIDE")
      yield* catalog.importProducts([{ ...lamp, sku }])
      const seen = yield* database.transaction("test.reprice", (sql) =>
        Effect.andThen(
          sql`update products set price_cents = 555 where sku = ${sku}`,
          Effect.map(catalog.priceLines([sku]), (lines) => lines.get(sku)?.price.amount)
        )
      )
      assert.strictEqual(seen, 555)
    })
  )
})

layer(postgres)("the sandbox's catalogue", (it) => {
  it.effect("can be imported twice, terms and all", () =>
    Effect.gen(function* () {
      const [catalog, terms, database] = [yield* Catalog, yield* TermsOfSale, yield* Database]
      for (const added of [products.length, 0]) {
        assert.deepStrictEqual(yield* catalog.importProducts(products), { added, changed: 0 })
        yield* terms.put({ discounts, shippingBands })
      }
      const count = yield* database.query(
        "test.count",
        (sql) => sql<{ readonly discounts: number; readonly bands: number }>`
          select (select count(*)::int from discounts) as discounts, (select count(*)::int from shipping_bands) as bands`
      )
      assert.deepStrictEqual(count, [{ discounts: discounts.length, bands: shippingBands.length }])
    })
  )
})
