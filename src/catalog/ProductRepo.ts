/**
 * The tables `products` and `stock`, as the catalogue sees them. Reservations change `stock` too, in their own
 * statements; both lock its rows in the order of their SKUs.
 *
 * `created_at` is always written by this process, in whole milliseconds: a cursor could not point at a finer moment.
 */
import type { DateTime, Effect, Option } from "effect"
import { Context, Layer } from "effect"
import type { Database } from "../database/Database.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { Imported, PricedProduct, Stocked } from "./Catalog.ts"
import type { ImportRefused } from "./errors.ts"
import type { Product, ProductCursor, ProductId, Sku } from "./Product.ts"
import type { ProductImport } from "./ProductImport.ts"
import { makeProductRepoMemory } from "./productRepoMemory.ts"
import { makeProductRepoSql } from "./productRepoSql.ts"
import type { StockMemory } from "./StockMemory.ts"

/** The id and the moment are for a product that is new; one that is known keeps its own. */
export interface ProductRow extends ProductImport {
  readonly id: ProductId
  readonly createdAt: DateTime.Utc
}

type Down = DatabaseUnavailable | QueryTimeout

export class ProductRepo extends Context.Service<
  ProductRepo,
  {
    readonly find: (id: ProductId) => Effect.Effect<Option.Option<Product>, Down>
    readonly page: (after: ProductCursor | undefined, limit: number) => Effect.Effect<ReadonlyArray<Product>, Down>
    readonly stock: (
      id: ProductId
    ) => Effect.Effect<Option.Option<{ readonly sku: Sku; readonly available: number }>, Down>
    readonly newest: (limit: number) => Effect.Effect<ReadonlyArray<Stocked>, Down>
    readonly prices: (skus: ReadonlyArray<Sku>) => Effect.Effect<ReadonlyArray<PricedProduct>, Down>
    readonly put: (products: ReadonlyArray<ProductRow>) => Effect.Effect<Imported, ImportRefused | Down>
  }
>()("holdfast/catalog/ProductRepo") {
  static readonly layer: Layer.Layer<ProductRepo, never, Database> = Layer.effect(ProductRepo, makeProductRepoSql)
  static readonly layerMemory: Layer.Layer<ProductRepo, never, StockMemory> = Layer.effect(
    ProductRepo,
    makeProductRepoMemory
  )
}
