/** The contract of the catalogue: products, and how many there are. Public. While it cannot be read, as it was known last. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Product, ProductId, StockLevel } from "../../catalog/Product.ts"
import { degradable } from "../degraded.ts"
import { PageQuery, pageOf } from "../pages.ts"
import { failsWith } from "../failsWith.ts"

const always = ["DatabaseUnavailable", "ValidationFailed"] as const

export const ProductsShown = Schema.Struct({ ...pageOf(Product).fields, ...degradable })
export const ProductShown = Schema.Struct({ ...Product.to.fields, ...degradable }).pipe(
  Schema.encodeKeys({ createdAt: "created_at" })
)
export const StockLevelShown = Schema.Struct({ ...StockLevel.to.fields, ...degradable }).pipe(
  Schema.encodeKeys({ inStock: "in_stock", asOf: "as_of" })
)

export const CatalogApi = HttpApiGroup.make("catalog")
  .add(
    HttpApiEndpoint.get("list", "/v1/products", {
      query: PageQuery,
      success: ProductsShown,
      error: failsWith(...always)
    })
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/products/:id", {
      params: { id: ProductId },
      success: ProductShown,
      error: failsWith("ProductNotFound", ...always)
    })
  )
  .add(
    HttpApiEndpoint.get("stock", "/v1/products/:id/stock", {
      params: { id: ProductId },
      success: StockLevelShown,
      error: failsWith("ProductNotFound", ...always)
    })
  )
