/** The contract of orders: placing one under a key, and following what becomes of it. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { Cart, Order, OrderId } from "../../orders/Order.ts"
import { Authorization } from "../Authorization.ts"
import { waitSecondsMost } from "../limits.ts"
import { PageQuery, pageOf } from "../pages.ts"
import { failsWith } from "../problems.ts"

const always = ["DatabaseUnavailable", "QueryTimeout", "ValidationFailed", "MalformedRequest"] as const

const Wait = Schema.NumberFromString.check(
  Schema.isInt({ code: "invalid_type", message: "A wait is whole seconds." }).abort(),
  Schema.isBetween(
    { minimum: 0, maximum: waitSecondsMost },
    { code: "out_of_range", message: `A wait is 0 to ${waitSecondsMost} seconds.` }
  )
)

export const TimelineEntry = Schema.Struct({ at: Schema.DateTimeUtcFromString, step: Schema.String })

export const OrdersApi = HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.post("place", "/v1/orders", {
      payload: Cart,
      success: [Order.pipe(HttpApiSchema.status(201)), Order.pipe(HttpApiSchema.status(202))],
      error: failsWith(
        "IdempotencyKeyMissing",
        "IdempotencyKeyInvalid",
        "IdempotencyKeyReused",
        "IdempotencyInFlight",
        "UnknownSkus",
        "DiscountNotApplicable",
        "MixedCurrencies",
        "PriceChanged",
        "OrderPaymentDeclined",
        "InsufficientStock",
        "OrderNotFound",
        ...always
      )
    }).middleware(Authorization)
  )
  .add(
    HttpApiEndpoint.get("list", "/v1/orders", {
      query: PageQuery,
      success: pageOf(Order),
      error: failsWith(...always)
    }).middleware(Authorization)
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/orders/:id", {
      params: { id: OrderId },
      query: { wait: Schema.optionalKey(Wait) },
      success: Order,
      error: failsWith("OrderNotFound", ...always)
    }).middleware(Authorization)
  )
  .add(
    HttpApiEndpoint.get("timeline", "/v1/orders/:id/timeline", {
      params: { id: OrderId },
      success: Schema.Struct({ data: Schema.Array(TimelineEntry) }),
      error: failsWith("OrderNotFound", ...always)
    }).middleware(Authorization)
  )
