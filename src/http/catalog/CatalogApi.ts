/** The contract of the catalogue: products, and how many there are. Public. */
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Product, ProductId, StockLevel } from "../../catalog/Product.ts"
import { PageQuery, pageOf } from "../pages.ts"
import { failsWith } from "../failsWith.ts"

const always = ["DatabaseUnavailable", "QueryTimeout", "ValidationFailed"] as const

export const CatalogApi = HttpApiGroup.make("catalog")
  .add(
    HttpApiEndpoint.get("list", "/v1/products", {
      query: PageQuery,
      success: pageOf(Product),
      error: failsWith(...always)
    })
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/products/:id", {
      params: { id: ProductId },
      success: Product,
      error: failsWith("ProductNotFound", ...always)
    })
  )
  .add(
    HttpApiEndpoint.get("stock", "/v1/products/:id/stock", {
      params: { id: ProductId },
      success: StockLevel,
      error: failsWith("ProductNotFound", ...always)
    })
  )
