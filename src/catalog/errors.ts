/**
 * How the catalogue says no. SKUs and ids are the shop's own names for its goods, and may be shown and logged.
 *
 * `ImportRefused` changed nothing: an import is done as a whole or not at all.
 */
import { Schema } from "effect"
import { ProductId, Sku } from "./Product.ts"

export class ProductNotFound extends Schema.TaggedError<ProductNotFound>()("ProductNotFound", {
  productId: ProductId
}) {
  readonly category = "permanent" as const
  override get message() {
    return "There is no such product: check the id."
  }
}

const reasons = {
  duplicate_sku: "a SKU stands in it more than once",
  too_many: "it has too many products for one import; split it",
  unknown_sku: "there is no such product",
  below_reserved: "of some products more is promised to customers than would be left"
}

export class ImportRefused extends Schema.TaggedError<ImportRefused>()("ImportRefused", {
  reason: Schema.Literals(["duplicate_sku", "too_many", "unknown_sku", "below_reserved"]),
  skus: Schema.Array(Sku)
}) {
  readonly category = "permanent" as const
  override get message() {
    const named = this.skus.length > 0 ? ` (${this.skus.slice(0, 10).join(", ")})` : ""
    return `Nothing was imported: ${reasons[this.reason]}${named}.`
  }
}
