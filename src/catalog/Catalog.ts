/**
 * The catalogue: what is sold, what it costs, and how many there are. Prices of an order are read from here, never from
 * its client.
 *
 * `priceLines` joins the caller's open transaction, and leaves out what it does not know: the caller decides what that
 * means. `importProducts` may be repeated: it makes the catalogue say what it was told, and keeps every product that it
 * was not told about. A stock level is of the shop's own table.
 */
import { Context, DateTime, Effect, Layer, Option } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { ImportRefused, ProductNotFound } from "./errors.ts"
import type { Money, Product, ProductCursor, Sku, StockLevel } from "./Product.ts"
import { ProductId } from "./Product.ts"
import type { ProductImport } from "./ProductImport.ts"
import { ProductRepo } from "./ProductRepo.ts"
import { StockMemory } from "./StockMemory.ts"

/** `next` is there only when there is more. */
export interface ProductPage {
  readonly products: ReadonlyArray<Product>
  readonly next: ProductCursor | undefined
}
export interface PricedProduct {
  readonly sku: Sku
  readonly name: string
  readonly price: Money
}
/** A product, and how many of it the shop's own table has for whoever comes next. */
export interface Stocked {
  readonly product: Product
  readonly available: number
}
/** How many products an import made, and of how many it changed the name, the description or the price. */
export interface Imported {
  readonly added: number
  readonly changed: number
}

/** What one answer may hold, whoever asks. */
const maxPage = 100
/** One import is one transaction that holds a lock on every product in it. */
const maxImport = 2000

export class Catalog extends Context.Service<
  Catalog,
  {
    readonly list: (page: {
      readonly cursor?: ProductCursor | undefined
      readonly limit: number
    }) => Effect.Effect<ProductPage, DatabaseUnavailable | QueryTimeout>
    readonly find: (id: ProductId) => Effect.Effect<Product, ProductNotFound | DatabaseUnavailable | QueryTimeout>
    readonly stockLevel: (
      id: ProductId
    ) => Effect.Effect<StockLevel, ProductNotFound | DatabaseUnavailable | QueryTimeout>
    /** The newest, for whoever keeps a copy. */
    readonly newest: (limit: number) => Effect.Effect<ReadonlyArray<Stocked>, DatabaseUnavailable | QueryTimeout>
    readonly priceLines: (
      skus: ReadonlyArray<Sku>
    ) => Effect.Effect<ReadonlyMap<Sku, PricedProduct>, DatabaseUnavailable | QueryTimeout>
    readonly importProducts: (
      products: ReadonlyArray<ProductImport>
    ) => Effect.Effect<Imported, ImportRefused | DatabaseUnavailable | QueryTimeout>
  }
>()("holdfast/catalog/Catalog") {
  static readonly layerNoRepo = Layer.effect(
    Catalog,
    Effect.gen(function* () {
      const repo = yield* ProductRepo
      const random = yield* SecureRandom.SecureRandom

      const list = Effect.fn("Catalog.list")(function* (page: {
        readonly cursor?: ProductCursor | undefined
        readonly limit: number
      }) {
        const limit = Math.min(Math.max(1, page.limit), maxPage)
        const found = yield* repo.page(page.cursor, limit + 1)
        const products = found.slice(0, limit)
        const last = products.at(-1)
        const next = found.length > limit && last !== undefined ? { createdAt: last.createdAt, id: last.id } : undefined
        return { products, next }
      })

      const find = Effect.fn("Catalog.find")(function* (id: ProductId) {
        const found = yield* repo.find(id)
        return Option.isSome(found) ? found.value : yield* new ProductNotFound({ productId: id })
      })

      const stockLevel = Effect.fn("Catalog.stockLevel")(function* (id: ProductId) {
        const found = yield* repo.stock(id)
        if (Option.isNone(found)) return yield* new ProductNotFound({ productId: id })
        const { sku, available } = found.value
        return {
          sku,
          available,
          inStock: available > 0,
          source: "live",
          stale: false,
          asOf: yield* DateTime.now
        } as const
      })

      const priceLines = Effect.fn("Catalog.priceLines")(function* (skus: ReadonlyArray<Sku>) {
        const found = skus.length === 0 ? [] : yield* repo.prices([...new Set(skus)])
        return new Map(found.map((product) => [product.sku, product]))
      })

      const importProducts = Effect.fn("Catalog.importProducts")(function* (products: ReadonlyArray<ProductImport>) {
        if (products.length > maxImport) return yield* new ImportRefused({ reason: "too_many", skus: [] })
        const skus = products.map((product) => product.sku)
        const twice = skus.filter((sku, index) => skus.indexOf(sku) < index)
        if (twice.length > 0) return yield* new ImportRefused({ reason: "duplicate_sku", skus: twice })
        const createdAt = yield* DateTime.now
        const rows = yield* Effect.forEach(products, (product) =>
          Effect.map(random.ulid, (ulid) => ({ ...product, id: ProductId.make(`prd_${ulid}`), createdAt }))
        )
        return yield* repo.put(rows)
      })

      const newest = Effect.fn("Catalog.newest")(repo.newest)

      return Catalog.of({ list, find, stockLevel, newest, priceLines, importProducts })
    })
  )

  static readonly layer = Catalog.layerNoRepo.pipe(Layer.provide(ProductRepo.layer))
  /** Brings the shelf that its stock lies on. */
  static readonly layerMemory = Catalog.layerNoRepo.pipe(
    Layer.provide(ProductRepo.layerMemory),
    Layer.provideMerge(StockMemory.layer)
  )
}
