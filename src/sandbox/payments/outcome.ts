/**
 * What one request to the sandbox's payment provider comes to, before anything is stored.
 *
 * The provider keeps an answer under its idempotency key only once it has begun to execute. So a request that fails
 * its checks is `Rejected` (nothing kept, the key stays free), and everything after that point, a decline included, is
 * `Executed` (kept, and repeated word for word).
 */
import type { Intent, LedgerEntry, Refund, StripeError } from "./objects.ts"

export interface Executed {
  readonly _tag: "Executed"
  readonly status: number
  /** Which of the members below is the answer's body. */
  readonly answer: "intent" | "refund" | "error"
  readonly intent?: Intent
  readonly refund?: Refund
  readonly error?: StripeError
  readonly ledger: ReadonlyArray<Omit<LedgerEntry, "at">>
}

export interface Rejected {
  readonly _tag: "Rejected"
  readonly status: number
  readonly error: StripeError
}

export type Outcome = Executed | Rejected

export const rejected = (status: number, error: Omit<StripeError, "type"> & { readonly type?: string }): Rejected => ({
  _tag: "Rejected",
  status,
  error: { type: "invalid_request_error", ...error }
})

export const missingParameter = (param: string) =>
  rejected(400, { code: "parameter_missing", param, message: `Missing required param: ${param}.` })

export const invalidParameter = (param: string, code: string, message: string) =>
  rejected(400, { code, param, message })

export const noSuch = (what: string, param: string, id: string, status = 404) =>
  rejected(status, { code: "resource_missing", param, message: `No such ${what}: '${id}'` })

export const answeredIntent = (intent: Intent, ledger: Executed["ledger"] = []): Executed => ({
  _tag: "Executed",
  status: 200,
  answer: "intent",
  intent,
  ledger
})

/** Refused while executing: kept under the key, and the body carries the intent as it stands. */
export const refused = (status: number, error: StripeError, intent: Intent): Executed => ({
  _tag: "Executed",
  status,
  answer: "error",
  error,
  intent,
  ledger: []
})

export const unexpectedState = (verb: string, intent: Intent): Executed =>
  refused(
    400,
    {
      type: "invalid_request_error",
      code: "payment_intent_unexpected_state",
      message: `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}.`
    },
    intent
  )

export const movement = (type: LedgerEntry["type"], intent: Intent, amount: number): Omit<LedgerEntry, "at"> => ({
  type,
  payment_intent: intent.id,
  order_id: intent.metadata["order_id"] ?? null,
  amount,
  currency: intent.currency
})
