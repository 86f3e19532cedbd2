/**
 * A payment and a refund as the shop sees them, whatever the provider calls things.
 *
 * Amounts are whole minor units (cents); currencies are ISO 4217 in capitals.
 */
import { Schema } from "effect"

/**
 * `unconfirmed`: no money asked for yet. `declined`: the last confirmation was refused. `requires_action`: the customer
 * has to approve at their bank. `processing`: wait, it cannot be cancelled. `authorized`: the money is held. `captured`:
 * it is taken. `canceled`: over, nothing is held.
 */
export const PaymentStatus = Schema.Literals([
  "unconfirmed",
  "declined",
  "requires_action",
  "processing",
  "authorized",
  "captured",
  "canceled"
])
export type PaymentStatus = typeof PaymentStatus.Type

export interface Money {
  readonly amountCents: number
  readonly currency: string
}

export interface Payment {
  readonly id: string
  /** Absent when the payment was not made by this shop. */
  readonly orderId: string | undefined
  readonly status: PaymentStatus
  readonly amount: Money
  readonly authorizedCents: number
  readonly capturedCents: number
  /** Set while `declined`. */
  readonly decline?: "insufficient_funds" | "expired_card" | "incorrect_cvc" | "declined"
  /** Where to send the customer, while `requires_action`. */
  readonly nextAction?: { readonly type: "redirect"; readonly url: string }
}

/** A payment that is known already: an answer about any other order or amount is an alarm. */
export interface PaymentReference {
  readonly paymentId: string
  readonly orderId: string
  readonly amount: Money
}

export interface Refund {
  readonly id: string
  readonly paymentId: string
  readonly status: "succeeded" | "pending" | "failed"
  readonly amount: Money
  /** The key that the refund was asked for with; absent when this shop did not ask for it. */
  readonly key: string | undefined
}
