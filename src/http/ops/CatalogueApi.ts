/** What operators do to the catalogue, as data. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Sku } from "../../catalog/Product.ts"
import { ProductImport } from "../../catalog/ProductImport.ts"
import { failsWith } from "../failsWith.ts"
import { Reason } from "./letterSchemas.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"

/** A body of 256 KiB holds fewer; whoever has more sends them in parts. */
const mostProducts = 500

const Written = Schema.Struct({ added: Schema.Int, changed: Schema.Int })
const Delivered = Schema.Struct({ sku: Sku, received: Schema.Int, receivedBefore: Schema.Int }).pipe(
  Schema.encodeKeys({ receivedBefore: "received_before" })
)
const error = failsWith(
  "Forbidden",
  "ImportRefused",
  "DatabaseUnavailable",
  "QueryTimeout",
  "ValidationFailed",
  "MalformedRequest"
)
const { price, received } = ProductImport.fields
const catalogue = "/ops/api/catalogue"

export const CatalogueApi = HttpApiGroup.make("catalogue")
  .add(
    HttpApiEndpoint.post("import", `${catalogue}/import`, {
      payload: Schema.Struct({
        products: Schema.Array(ProductImport).check(
          Schema.isMinLength(1, { code: "too_short", message: "An import has at least one product." }),
          Schema.isMaxLength(mostProducts, {
            code: "too_long",
            message: `An import has at most ${mostProducts} products.`
          }).abort()
        ),
        reason: Reason
      }),
      success: Written,
      error
    })
  )
  .add(
    HttpApiEndpoint.post("price", `${catalogue}/:sku/price`, {
      params: { sku: Sku },
      payload: Schema.Struct({ price, reason: Reason }),
      success: Written,
      error
    })
  )
  .add(
    HttpApiEndpoint.post("stock", `${catalogue}/:sku/stock`, {
      params: { sku: Sku },
      payload: Schema.Struct({ received, reason: Reason }),
      success: Delivered,
      error
    })
  )
  .middleware(OpsAuthorization)
