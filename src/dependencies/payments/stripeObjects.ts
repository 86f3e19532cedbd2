/**
 * The provider's payment intents and refunds, read into the shop's words.
 *
 * Members that the shop does not know are ignored; one that it needs and that is missing or odd makes the whole answer
 * unreadable, never a guess.
 */
import { Option, Schema } from "effect"
import { declineCode } from "./classify.ts"
import type { Payment, PaymentStatus, Refund } from "./Payment.ts"

const Cents = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Metadata = Schema.Record(Schema.String, Schema.String)

const Intent = Schema.Struct({
  id: Schema.NonEmptyString,
  status: Schema.Literals([
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled"
  ]),
  amount: Cents,
  amount_capturable: Cents,
  amount_received: Cents,
  currency: Schema.String,
  metadata: Metadata,
  last_payment_error: Schema.optionalKey(
    Schema.NullOr(
      Schema.Struct({
        code: Schema.optionalKey(Schema.NullOr(Schema.String)),
        decline_code: Schema.optionalKey(Schema.NullOr(Schema.String))
      })
    )
  ),
  next_action: Schema.optionalKey(
    Schema.NullOr(
      Schema.Struct({
        redirect_to_url: Schema.optionalKey(Schema.NullOr(Schema.Struct({ url: Schema.NullOr(Schema.String) })))
      })
    )
  )
})
type Intent = typeof Intent.Type

const RefundObject = Schema.Struct({
  id: Schema.NonEmptyString,
  status: Schema.NullOr(Schema.String),
  amount: Cents,
  currency: Schema.String,
  payment_intent: Schema.String,
  metadata: Schema.optionalKey(Schema.NullOr(Metadata))
})

/** The key of a write goes with it as metadata too, so that what it made can be found without its answer. */
export const keyMetadata = "operation_key"
export const orderMetadata = "order_id"

const statusOf = ({ last_payment_error, status }: Intent): PaymentStatus => {
  switch (status) {
    case "requires_payment_method":
      return last_payment_error === null || last_payment_error === undefined ? "unconfirmed" : "declined"
    case "requires_confirmation":
      return "unconfirmed"
    case "requires_capture":
      return "authorized"
    case "succeeded":
      return "captured"
    default:
      return status
  }
}

const paymentOf = (intent: Intent): Payment => {
  const status = statusOf(intent)
  const error = intent.last_payment_error
  const url = intent.next_action?.redirect_to_url?.url
  return {
    id: intent.id,
    orderId: intent.metadata[orderMetadata],
    status,
    amount: { amountCents: intent.amount, currency: intent.currency.toUpperCase() },
    authorizedCents: intent.amount_capturable + intent.amount_received,
    capturedCents: intent.amount_received,
    ...(status === "declined" ? { decline: declineCode(error?.decline_code ?? error?.code) } : {}),
    ...(status === "requires_action" && typeof url === "string"
      ? { nextAction: { type: "redirect" as const, url } }
      : {})
  }
}

const refundOf = (refund: typeof RefundObject.Type): Refund => ({
  id: refund.id,
  paymentId: refund.payment_intent,
  status: refund.status === "succeeded" ? "succeeded" : refund.status === "pending" ? "pending" : "failed",
  amount: { amountCents: refund.amount, currency: refund.currency.toUpperCase() },
  key: refund.metadata?.[keyMetadata]
})

const listOf = <A>(item: Schema.Codec<A, unknown>) =>
  Schema.Struct({ data: Schema.Array(item), has_more: Schema.Boolean })

const reader =
  <A, B>(schema: Schema.Codec<A, unknown>, read: (decoded: A) => B) =>
  (body: unknown): Option.Option<B> =>
    Option.map(Schema.decodeUnknownOption(schema)(body), read)

export const readPayment = reader(Intent, paymentOf)
export const readRefund = reader(RefundObject, refundOf)
export const readPayments = reader(listOf(Intent), ({ data, has_more }) => ({
  payments: data.map(paymentOf),
  hasMore: has_more
}))
export const readRefunds = reader(listOf(RefundObject), ({ data }) => data.map(refundOf))
