/**
 * A product as it comes in from outside: what the catalogue is told about one SKU, as a whole.
 *
 * `received` is how many have arrived since the shop opened, not how many are there: saying the same twice changes
 * nothing, and a delivery is a higher figure. What was sold and what is reserved is the shop's own affair.
 */
import { Schema } from "effect"
import { Sku } from "./Product.ts"
import { storable } from "./storable.ts"

// The same bounds as the table's, and nothing that PostgreSQL cannot store: what passes here cannot fail there.
const name = Schema.String.check(
  storable,
  Schema.isMinCodePoints(1, { code: "too_short", message: "A product has a name." }).abort(),
  Schema.isMaxCodePoints(200, { code: "too_long", message: "A product's name has at most 200 characters." })
)
const description = Schema.String.check(
  storable,
  Schema.isMaxCodePoints(4000, { code: "too_long", message: "A description has at most 4000 characters." })
)
const amount = Schema.Int.check(
  Schema.isBetween(
    { minimum: 0, maximum: 100_000_000 },
    { code: "out_of_range", message: "A price is between 0 and 100,000,000 minor units." }
  )
)
const currency = Schema.String.check(
  Schema.isPattern(/^[A-Z]{3}$/, { code: "invalid_format", message: "A currency is three letters of ISO 4217." })
)
const received = Schema.Int.check(
  Schema.isBetween(
    { minimum: 0, maximum: 1_000_000_000 },
    { code: "out_of_range", message: "A stock is between 0 and 1,000,000,000." }
  )
)

export const ProductImport = Schema.Struct({
  sku: Sku,
  name,
  description,
  price: Schema.Struct({ amount, currency }),
  received
}).annotate({ identifier: "ProductImport" })
export type ProductImport = typeof ProductImport.Type
