/**
 * What is sold, for how much, and how many there are. Encoded, these are the shapes that the door answers with
 * (snake_case).
 *
 * Money is integer minor units and an ISO 4217 currency, never a fraction. `sku` is the shop's own name for a product
 * and never changes; `id` is the catalogue's. Shown texts are not checked again: a rule made stricter later must not
 * make an old product unreadable.
 */
import type { DateTime } from "effect"
import { Schema } from "effect"

export const ProductId = Schema.String.check(
  Schema.isPattern(/^prd_[0-9A-Za-z_-]{1,60}$/, {
    code: "invalid_format",
    message: "This is not the id of a product."
  })
).pipe(Schema.brand("ProductId"))
export type ProductId = typeof ProductId.Type

export const Sku = Schema.String.check(
  Schema.isPattern(/^[A-Z0-9](?:[A-Z0-9-]{0,38}[A-Z0-9])$/, {
    code: "invalid_format",
    message: "A SKU is 2 to 40 capital letters, digits and hyphens."
  })
).pipe(Schema.brand("Sku"))
export type Sku = typeof Sku.Type

export const Money = Schema.Struct({
  /** Minor units: cents. */
  amount: Schema.Int,
  currency: Schema.String
}).annotate({ identifier: "Money" })
export type Money = typeof Money.Type

export const Product = Schema.Struct({
  id: ProductId,
  sku: Schema.String,
  name: Schema.String,
  description: Schema.String,
  price: Money,
  createdAt: Schema.DateTimeUtcFromString
}).pipe(Schema.encodeKeys({ createdAt: "created_at" }), Schema.annotate({ identifier: "Product" }))
export type Product = typeof Product.Type

/**
 * `available` is null where only a guess is to be had: then the reservation decides. `source` says where the figure is
 * from.
 */
export const StockLevel = Schema.Struct({
  sku: Schema.String,
  available: Schema.NullOr(Schema.Int),
  inStock: Schema.Boolean,
  source: Schema.Literals(["live", "cache", "default"]),
  stale: Schema.Boolean,
  asOf: Schema.DateTimeUtcFromString
}).pipe(Schema.encodeKeys({ inStock: "in_stock", asOf: "as_of" }), Schema.annotate({ identifier: "StockLevel" }))
export type StockLevel = typeof StockLevel.Type

/** Where a page ended: the last product on it. The next one begins behind it, newest first. */
export interface ProductCursor {
  readonly createdAt: DateTime.Utc
  readonly id: ProductId
}
