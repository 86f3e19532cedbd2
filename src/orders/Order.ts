/**
 * An order: what a client asks for (`Cart`), what it is answered (`Order`), and the states between.
 *
 * Prices come from the catalogue, never from the client. Money is integer minor units of one currency an order.
 * `version` moves only with what a client can see; it is the ETag, and nothing inside relies on it.
 */
import { type DateTime, Schema } from "effect"
import { Sku } from "../catalog/Product.ts"

export const OrderId = Schema.String.check(
  Schema.isPattern(/^ord_[0-9a-zA-Z_-]{1,60}$/, { code: "invalid_format", message: "This is not the id of an order." })
).pipe(Schema.brand("OrderId"))
export type OrderId = typeof OrderId.Type

export const statuses = [
  "pending",
  "reserved",
  "requires_action",
  "payment_in_doubt",
  "authorized",
  "confirmed",
  "captured",
  "fulfilled",
  "cancelled",
  "failed",
  "refund_pending",
  "refunded"
] as const
export type OrderStatus = (typeof statuses)[number]

/** From here on the order stands: the shop has promised it, and the money is at least authorised. */
const standing = new Set<OrderStatus>(["confirmed", "captured", "fulfilled", "refund_pending", "refunded"])
export const isStanding = (status: OrderStatus): boolean => standing.has(status)
/** Nothing more happens by itself. */
export const isFinal = (status: OrderStatus): boolean =>
  status === "captured" ||
  status === "fulfilled" ||
  status === "refunded" ||
  status === "cancelled" ||
  status === "failed"

/** A cart of more lines is a wholesale matter; the bound also keeps the row locks of one order few. */
const mostLines = 50
const mostOfOne = 100

const CartLine = Schema.Struct({
  sku: Sku,
  quantity: Schema.Int.check(
    Schema.isBetween(
      { minimum: 1, maximum: mostOfOne },
      { code: "out_of_range", message: `A quantity is between 1 and ${mostOfOne}.` }
    )
  )
})
export type CartLine = typeof CartLine.Type

const eachSkuOnce = Schema.makeFilter(
  (lines: ReadonlyArray<CartLine>) =>
    lines.flatMap((line, index) =>
      lines.findIndex((other) => other.sku === line.sku) < index
        ? [{ path: [index, "sku"], issue: "A product stands in one line: add its quantities up." }]
        : []
    ),
  { code: "duplicate" }
)

export const Cart = Schema.Struct({
  lines: Schema.Array(CartLine).check(
    Schema.isMinLength(1, { code: "too_short", message: "An order has at least one line." }),
    Schema.isMaxLength(mostLines, { code: "too_long", message: `An order has at most ${mostLines} lines.` }).abort(),
    eachSkuOnce
  ),
  paymentMethod: Schema.String.check(
    Schema.isPattern(/^pm_[A-Za-z0-9_]{1,100}$/, {
      code: "invalid_format",
      message: "A payment method is the payment provider's id for it, like pm_card_visa."
    })
  ),
  discountCode: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^[A-Z0-9-]{1,40}$/, {
        code: "invalid_format",
        message: "A discount code is up to 40 capital letters, digits and hyphens."
      })
    )
  ),
  clientReference: Schema.optionalKey(
    Schema.String.check(
      Schema.isMaxLength(200, { code: "too_long", message: "A reference has at most 200 characters." }).abort(),
      Schema.isPattern(/^[^\p{Cc}\p{Cs}]*$/u, {
        code: "invalid_characters",
        message: "A reference has no control characters."
      })
    )
  ),
  expectedTotal: Schema.optionalKey(
    Schema.Int.check(
      Schema.isBetween(
        { minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
        { code: "out_of_range", message: "A total is a whole number of minor units, 0 or more." }
      )
    )
  )
}).pipe(
  Schema.encodeKeys({
    paymentMethod: "payment_method",
    discountCode: "discount_code",
    clientReference: "client_reference",
    expectedTotal: "expected_total"
  }),
  Schema.annotate({ identifier: "Cart" })
)
export type Cart = typeof Cart.Type

/** Why an order failed, as its owner may know it. */
export const Failure = Schema.Union([
  Schema.Struct({
    code: Schema.Literal("payment_declined"),
    reason: Schema.Literals(["insufficient_funds", "expired_card", "incorrect_cvc", "declined"])
  }),
  Schema.Struct({
    code: Schema.Literal("insufficient_stock"),
    lines: Schema.Array(Schema.Struct({ position: Schema.Int, requested: Schema.Int, available: Schema.Int }))
  })
])
export type Failure = typeof Failure.Type

const OrderLine = Schema.Struct({
  sku: Sku,
  name: Schema.String,
  quantity: Schema.Int,
  unitPrice: Schema.Int,
  total: Schema.Int
}).pipe(Schema.encodeKeys({ unitPrice: "unit_price" }))
export type OrderLine = typeof OrderLine.Type

const NextAction = Schema.Struct({
  type: Schema.Literal("redirect"),
  url: Schema.String,
  expiresAt: Schema.DateTimeUtcFromString
}).pipe(Schema.encodeKeys({ expiresAt: "expires_at" }))

const Payment = Schema.Struct({
  status: Schema.Literals([
    "pending",
    "requires_action",
    "authorized",
    "captured",
    "declined",
    "cancelled",
    "refunded"
  ]),
  nextAction: Schema.optionalKey(NextAction),
  /** What was given back; absent while nothing was. */
  refunded: Schema.optionalKey(Schema.Int)
}).pipe(Schema.encodeKeys({ nextAction: "next_action" }))

/** Its members; what else is shown with them is up to who shows it. */
export const orderFields = {
  id: OrderId,
  status: Schema.Literals(statuses),
  lines: Schema.Array(OrderLine),
  subtotal: Schema.Int,
  discount: Schema.Int,
  shipping: Schema.Int,
  total: Schema.Int,
  currency: Schema.String,
  payment: Payment,
  failure: Schema.optionalKey(Failure),
  createdAt: Schema.DateTimeUtcFromString,
  updatedAt: Schema.DateTimeUtcFromString,
  version: Schema.Int
}

export const Order = Schema.Struct(orderFields).pipe(
  Schema.encodeKeys({ createdAt: "created_at", updatedAt: "updated_at" }),
  Schema.annotate({ identifier: "Order" })
)
export type Order = typeof Order.Type

/** What a client sees of the payment follows from the order's state, and what was given back. */
export const paymentOf = (
  status: OrderStatus,
  nextAction: { readonly url: string; readonly expiresAt: DateTime.Utc } | undefined,
  refundedCents: number
): Order["payment"] => {
  switch (status) {
    case "requires_action":
      return { status, ...(nextAction === undefined ? {} : { nextAction: { type: "redirect", ...nextAction } }) }
    case "authorized":
    case "confirmed":
      return { status: "authorized" }
    case "captured":
    case "fulfilled":
    case "refund_pending":
      return { status: "captured", ...(refundedCents === 0 ? {} : { refunded: refundedCents }) }
    case "refunded":
      return { status, refunded: refundedCents }
    case "cancelled":
      return { status }
    case "failed":
      return { status: "declined" }
    default:
      return { status: "pending" }
  }
}

/** Where a page ended: the last order on it. The next one begins behind it, newest first. */
export interface OrderCursor {
  readonly createdAt: DateTime.Utc
  readonly id: OrderId
}
