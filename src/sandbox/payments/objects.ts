/**
 * What the sandbox's payment provider keeps: payment intents, refunds, and the ledger of money that moved.
 *
 * Members are named as on the provider's wire. Amounts are in the currency's minor unit, times in whole seconds
 * (`created`, `canceled_at`) or ISO 8601 (`at`). Objects are immutable: every change makes a new one, so that the
 * answer kept under an idempotency key goes on showing the object as it was.
 */
import { Schema } from "effect"

export const IntentStatus = Schema.Literals([
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
  "processing",
  "requires_capture",
  "succeeded",
  "canceled"
])
export type IntentStatus = typeof IntentStatus.Type

export const StripeError = Schema.Struct({
  type: Schema.String,
  message: Schema.String,
  code: Schema.optionalKey(Schema.String),
  decline_code: Schema.optionalKey(Schema.String),
  param: Schema.optionalKey(Schema.String)
})
export interface StripeError extends Schema.Schema.Type<typeof StripeError> {}

export const Intent = Schema.Struct({
  id: Schema.String,
  created: Schema.Int,
  amount: Schema.Int,
  currency: Schema.String,
  capture_method: Schema.Literals(["automatic", "manual"]),
  status: IntentStatus,
  payment_method: Schema.NullOr(Schema.String),
  allowed_payment_method_types: Schema.optionalKey(Schema.Array(Schema.String)),
  metadata: Schema.Record(Schema.String, Schema.String),
  amount_capturable: Schema.Int,
  amount_received: Schema.Int,
  amount_refunded: Schema.Int,
  latest_charge: Schema.NullOr(Schema.String),
  last_payment_error: Schema.NullOr(StripeError),
  return_url: Schema.NullOr(Schema.String),
  canceled_at: Schema.NullOr(Schema.Int)
})
export interface Intent extends Schema.Schema.Type<typeof Intent> {}

export const Refund = Schema.Struct({
  id: Schema.String,
  created: Schema.Int,
  amount: Schema.Int,
  currency: Schema.String,
  payment_intent: Schema.String,
  charge: Schema.NullOr(Schema.String),
  metadata: Schema.Record(Schema.String, Schema.String),
  status: Schema.Literals(["succeeded"])
})
export interface Refund extends Schema.Schema.Type<typeof Refund> {}

/** One movement of money. `canceled` is an authorization given back; an intent that never held money leaves no entry. */
export const LedgerEntry = Schema.Struct({
  at: Schema.String,
  type: Schema.Literals(["authorized", "captured", "canceled", "refunded"]),
  payment_intent: Schema.String,
  order_id: Schema.NullOr(Schema.String),
  amount: Schema.Int,
  currency: Schema.String
})
export interface LedgerEntry extends Schema.Schema.Type<typeof LedgerEntry> {}
