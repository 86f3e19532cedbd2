/**
 * What the payment provider may answer that is not a payment. Each is a fact about one operation, and each is final:
 * repeating the same operation under the same key gives the same answer.
 *
 * Whatever is not certain is no error of these: it is the kit's `DependencyUnavailable`, whose `sent` says whether the
 * operation may have taken effect. Fields are ids and codes of ours; the provider's own words are never repeated.
 */
import { Schema } from "effect"
import { PaymentStatus } from "./Payment.ts"

/** The operations that move money or prepare to, and the readings. */
export const PaymentOperation = Schema.Literals([
  "create",
  "confirm",
  "capture",
  "cancel",
  "refund",
  "retrieve",
  "find",
  "list"
])
export type PaymentOperation = typeof PaymentOperation.Type

/** All that a customer is told; why a card is really refused is between them and their bank. */
export const DeclineCode = Schema.Literals(["insufficient_funds", "expired_card", "incorrect_cvc", "declined"])
export type DeclineCode = typeof DeclineCode.Type

/** The customer's bank said no. Nothing was charged; another card needs a new payment. */
export class PaymentDeclined extends Schema.TaggedError<PaymentDeclined>()("PaymentDeclined", {
  paymentId: Schema.String,
  code: DeclineCode
}) {
  readonly category = "permanent" as const
  override get message() {
    return `The card was refused (${this.code}); nothing was charged. Pay with another card.`
  }
}

/** The payment has moved on, so the operation was not carried out: `status` says where it stands now. */
export class PaymentStateDiffers extends Schema.TaggedError<PaymentStateDiffers>()("PaymentStateDiffers", {
  paymentId: Schema.String,
  operation: PaymentOperation,
  status: PaymentStatus
}) {
  readonly category = "permanent" as const
  override get message() {
    return `The payment is ${this.status}, so ${this.operation} was not carried out. Decide anew from that state.`
  }
}

/** The provider refused the request itself, before doing anything. `code` is the provider's short code. */
export class PaymentRefused extends Schema.TaggedError<PaymentRefused>()("PaymentRefused", {
  operation: PaymentOperation,
  code: Schema.String,
  providerRequest: Schema.optionalKey(Schema.String)
}) {
  readonly category = "permanent" as const
  override get message() {
    return `The provider refused to ${this.operation} (${this.code}); nothing was done. Correct the request first.`
  }
}

/**
 * One key was used for two different requests: a bug of ours. The first request may have taken effect, so a new key is
 * never made; somebody has to look.
 */
export class PaymentKeyReused extends Schema.TaggedError<PaymentKeyReused>()("PaymentKeyReused", {
  operation: PaymentOperation,
  providerRequest: Schema.optionalKey(Schema.String)
}) {
  readonly category = "permanent" as const
  readonly severity = "critical" as const
  override get message() {
    return `The key of this ${this.operation} was used for another request. Compare both before anything is sent again.`
  }
}

/** The answer is about another payment, order, amount or currency than was asked about. Money may have moved. */
export class PaymentMismatch extends Schema.TaggedError<PaymentMismatch>()("PaymentMismatch", {
  operation: PaymentOperation,
  differs: Schema.Literals(["payment", "order", "amount", "currency"]),
  orderId: Schema.optionalKey(Schema.String),
  paymentId: Schema.optionalKey(Schema.String),
  providerRequest: Schema.optionalKey(Schema.String)
}) {
  readonly category = "permanent" as const
  readonly severity = "critical" as const
  override get message() {
    return `The provider's answer to ${this.operation} is about another ${this.differs}. Compare with the provider's records before going on.`
  }
}
