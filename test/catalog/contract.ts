/**
 * What every implementation of the catalogue must do: run on the maps and on real PostgreSQL alike.
 * The tests share one instance, so each brings goods of its own.
 */
import { assert, layer } from "@effect/vitest"
import type { Layer } from "effect"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { ProductId, Sku } from "../../src/catalog/Product.ts"
import type { ProductImport } from "../../src/catalog/ProductImport.ts"

export const catalogContract = <E>(name: string, catalog: Layer.Layer<Catalog, E>) => {
  let goods = 0
  const good = (change: Partial<ProductImport> = {}): ProductImport => ({
    sku: Sku.make(`GOOD-${++goods}`),
    name: `Good ${goods}`,
    description: `What good ${goods} is good for`,
    price: { amount: 1000 + goods, currency: "EUR" },
    received: 10,
    ...change
  })
  const everything = Effect.gen(function* () {
    const shop = yield* Catalog
    const all = []
    let page = yield* shop.list({ limit: 3 })
    all.push(...page.products)
    while (page.next !== undefined) {
      page = yield* shop.list({ limit: 3, cursor: page.next })
      all.push(...page.products)
    }
    return all
  })
  const listed = (sku: Sku) =>
    Effect.map(everything, (all) => {
      const found = all.find((product) => product.sku === sku)
      assert.isDefined(found)
      return found!
    })

  layer(catalog)(`the catalogue, ${name}`, (it) => {
    it.effect("what was imported is listed, found under its id, and in stock", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        const wanted = good()
        assert.deepStrictEqual(yield* shop.importProducts([wanted]), { added: 1, changed: 0 })
        const product = yield* listed(wanted.sku)
        assert.match(product.id, /^prd_/)
        const { received, ...offer } = wanted
        assert.deepInclude(product, offer)
        assert.deepStrictEqual(yield* shop.find(product.id), product)
        assert.deepInclude(yield* shop.stockLevel(product.id), {
          sku: wanted.sku,
          available: received,
          inStock: true,
          source: "live",
          stale: false
        })
      })
    )

    it.effect("what is kept as a copy is the newest goods as they are listed, with how many there are", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        yield* shop.importProducts([good({ received: 3 })])
        yield* TestClock.adjust("1 second")
        const newer = good({ received: 4 })
        yield* shop.importProducts([newer])
        const copy = yield* shop.newest(100)
        assert.deepStrictEqual(
          copy.map(({ product }) => product),
          yield* everything
        )
        assert.deepStrictEqual(yield* shop.newest(1), [{ product: yield* listed(newer.sku), available: 4 }])
      })
    )

    it.effect("importing the same twice changes nothing", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        const wanted = good()
        yield* shop.importProducts([wanted])
        const before = yield* listed(wanted.sku)
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(yield* shop.importProducts([wanted]), { added: 0, changed: 0 })
        assert.deepStrictEqual(yield* listed(wanted.sku), before)
        assert.strictEqual((yield* shop.stockLevel(before.id)).available, wanted.received)
      })
    )

    it.effect("a product keeps its id when its name and price change, and a delivery adds to its stock", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        const wanted = good()
        yield* shop.importProducts([wanted])
        const { id } = yield* listed(wanted.sku)
        const next = { ...wanted, name: "Renamed", price: { amount: 1, currency: "EUR" }, received: 25 }
        assert.deepStrictEqual(yield* shop.importProducts([next]), { added: 0, changed: 1 })
        const after = yield* shop.find(id)
        assert.deepStrictEqual([after.name, after.price], ["Renamed", next.price])
        assert.strictEqual((yield* shop.stockLevel(id)).available, 25)
      })
    )

    it.effect("what never arrived is not in stock", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        const wanted = good({ received: 0 })
        yield* shop.importProducts([wanted])
        const level = yield* shop.stockLevel((yield* listed(wanted.sku)).id)
        assert.deepInclude(level, { available: 0, inStock: false })
      })
    )

    it.effect("an import with a SKU twice changes nothing", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        const [first, second] = [good(), good()]
        const refused = yield* Effect.flip(shop.importProducts([first, second, { ...first, name: "Again" }]))
        assert.deepInclude(refused, { _tag: "ImportRefused", reason: "duplicate_sku", skus: [first.sku] })
        assert.strictEqual((yield* shop.priceLines([first.sku, second.sku])).size, 0)
      })
    )

    it.effect("an import of too many is refused before it begins", () =>
      Effect.gen(function* () {
        const refused = yield* Effect.flip((yield* Catalog).importProducts(Array.from({ length: 2001 }, () => good())))
        assert.deepInclude(refused, { _tag: "ImportRefused", reason: "too_many" })
      })
    )

    it.effect("an import of nothing is one", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* (yield* Catalog).importProducts([]), { added: 0, changed: 0 })
      })
    )

    it.effect("lines are priced from the catalogue, and what it does not know is left out", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        const [first, second] = [good(), good({ price: { amount: 0, currency: "USD" } })]
        yield* shop.importProducts([first, second])
        const priced = yield* shop.priceLines([second.sku, Sku.make("NEVER-HEARD-OF"), first.sku, first.sku])
        assert.deepStrictEqual(
          [priced.size, priced.get(first.sku), priced.get(second.sku)],
          [
            2,
            { sku: first.sku, name: first.name, price: first.price },
            { sku: second.sku, name: second.name, price: second.price }
          ]
        )
        assert.strictEqual((yield* shop.priceLines([])).size, 0)
      })
    )

    it.effect("the list shows everything once, newest first, and does not shift while it is read", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        yield* shop.importProducts(Array.from({ length: 4 }, () => good()))
        yield* TestClock.adjust("1 second")
        const newest = good()
        yield* shop.importProducts([newest])
        const first = yield* shop.list({ limit: 2 })
        assert.strictEqual(first.products[0]?.sku, newest.sku)
        yield* TestClock.adjust("1 second")
        yield* shop.importProducts([good()])
        const second = yield* shop.list({ limit: 2, cursor: first.next })
        const shown = [...first.products, ...second.products].map((product) => product.id)
        assert.strictEqual(new Set(shown).size, 4)
        const all = yield* everything
        assert.strictEqual(new Set(all.map((product) => product.id)).size, all.length)
      })
    )

    it.effect("a page holds 100 at most", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        yield* shop.importProducts(Array.from({ length: 120 }, () => good()))
        assert.strictEqual((yield* shop.list({ limit: 1_000_000 })).products.length, 100)
      })
    )

    it.effect("a product that is not there is not found", () =>
      Effect.gen(function* () {
        const shop = yield* Catalog
        const productId = ProductId.make("prd_nothing")
        assert.deepInclude(yield* Effect.flip(shop.find(productId)), { _tag: "ProductNotFound", productId })
        assert.deepInclude(yield* Effect.flip(shop.stockLevel(productId)), { _tag: "ProductNotFound", productId })
      })
    )
  })
}
