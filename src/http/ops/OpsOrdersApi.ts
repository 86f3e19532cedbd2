/** What operators do with one order of anybody's, as data. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { OrderId } from "../../orders/Order.ts"
import { failsWith } from "../failsWith.ts"
import { Change } from "./letterSchemas.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"

export const OpsOrdersApi = HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.post("fulfil", "/ops/api/orders/:id/fulfil", {
      params: { id: OrderId },
      payload: Change,
      success: Schema.Struct({ id: OrderId, status: Schema.Literal("fulfilled") }),
      error: failsWith(
        "Forbidden",
        "OrderNotFound",
        "OrderStateConflict",
        "DatabaseUnavailable",
        "QueryTimeout",
        "ValidationFailed",
        "MalformedRequest"
      )
    })
  )
  .middleware(OpsAuthorization)
