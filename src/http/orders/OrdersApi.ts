/** The contract of orders: placing one under a key, following what becomes of it, cancelling it, giving money back. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { Cart, Order, orderFields, OrderId } from "../../orders/Order.ts"
import { Authorization, TrustingAuthorization } from "../Authorization.ts"
import { Deferred } from "../deferred/DeferredApi.ts"
import { waitSecondsMost } from "../limits.ts"
import { PageQuery, pageOf } from "../pages.ts"
import { failsWith } from "../failsWith.ts"

const always = ["DatabaseUnavailable", "QueryTimeout", "ValidationFailed", "MalformedRequest"] as const

const Wait = Schema.NumberFromString.check(
  Schema.isInt({ code: "invalid_type", message: "A wait is whole seconds." }).abort(),
  Schema.isBetween(
    { minimum: 0, maximum: waitSecondsMost },
    { code: "out_of_range", message: `A wait is 0 to ${waitSecondsMost} seconds.` }
  )
)

/** Did this key's order arrive? Then the list is that order alone. */
const PlacedKey = Schema.String.check(
  Schema.isPattern(/^[\x21-\x7e]{8,255}$/, {
    code: "invalid_format",
    message: "An idempotency key is 8 to 255 visible ASCII characters."
  })
)

export const Refund = Schema.Struct({
  /** Minor units; without it, all that is left. */
  amount: Schema.optionalKey(
    Schema.Int.check(
      Schema.isBetween(
        { minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
        { code: "out_of_range", message: "An amount is a whole number of minor units, 1 or more." }
      )
    )
  )
}).pipe(Schema.annotate({ identifier: "Refund" }))

/** An order that goes on, and the path to ask for it. */
export const OrderAccepted = Schema.Struct({ ...orderFields, resource: Schema.String }).pipe(
  Schema.encodeKeys({ createdAt: "created_at", updatedAt: "updated_at" }),
  Schema.annotate({ identifier: "OrderAccepted" })
)

const keyed = [
  "IdempotencyKeyMissing",
  "IdempotencyKeyInvalid",
  "IdempotencyKeyReused",
  "IdempotencyInFlight",
  "OrderNotFound",
  ...always
] as const

export const TimelineEntry = Schema.Struct({ at: Schema.DateTimeUtcFromString, step: Schema.String })

export const OrdersShown = pageOf(Order)

export const OrdersApi = HttpApiGroup.make("orders")
  .add(
    HttpApiEndpoint.post("place", "/v1/orders", {
      payload: Cart,
      success: [
        Order.pipe(HttpApiSchema.status(201)),
        OrderAccepted.pipe(HttpApiSchema.status(202)),
        Deferred.pipe(HttpApiSchema.status(202))
      ],
      error: failsWith(
        "UnknownSkus",
        "DiscountNotApplicable",
        "MixedCurrencies",
        "TotalNotPayable",
        "PriceChanged",
        "OrderPaymentDeclined",
        "InsufficientStock",
        "FeatureDisabled",
        "RateLimited",
        ...keyed
      )
    }).middleware(TrustingAuthorization)
  )
  .add(
    HttpApiEndpoint.get("list", "/v1/orders", {
      query: { ...PageQuery, idempotency_key: Schema.optionalKey(PlacedKey) },
      success: OrdersShown,
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
  .add(
    HttpApiEndpoint.post("cancel", "/v1/orders/:id/cancel", {
      params: { id: OrderId },
      success: [Order, OrderAccepted.pipe(HttpApiSchema.status(202))],
      error: failsWith("OrderVersionDiffers", "OrderStateConflict", "PreconditionRequired", "RateLimited", ...keyed)
    }).middleware(Authorization)
  )
  .add(
    HttpApiEndpoint.post("refund", "/v1/orders/:id/refunds", {
      params: { id: OrderId },
      payload: Refund,
      success: [Order.pipe(HttpApiSchema.status(201)), OrderAccepted.pipe(HttpApiSchema.status(202))],
      error: failsWith("Forbidden", "OrderStateConflict", "RefundTooLarge", "FeatureDisabled", ...keyed)
    }).middleware(Authorization)
  )
