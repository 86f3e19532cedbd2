/**
 * One promise of the sandbox's payment provider, as a line of its journal: what changed, what money moved, and the
 * answer that its idempotency key gives from now on. Written whole or not at all.
 */
import { Schema } from "effect"
import { Intent, LedgerEntry, Refund, StripeError } from "./objects.ts"

/** The answer kept under a key points at the objects of its own record, so nothing is stored twice. */
export const KeptAnswer = Schema.Struct({
  key: Schema.String,
  /** Method, path and parameters of the request that the key belongs to. */
  fingerprint: Schema.String,
  status: Schema.Int,
  answer: Schema.Literals(["intent", "refund", "error"]),
  request: Schema.String
})
export interface KeptAnswer extends Schema.Schema.Type<typeof KeptAnswer> {}

export const JournalRecord = Schema.Struct({
  at: Schema.String,
  kept: Schema.NullOr(KeptAnswer),
  intent: Schema.NullOr(Intent),
  refund: Schema.NullOr(Refund),
  error: Schema.NullOr(StripeError),
  ledger: Schema.Array(LedgerEntry)
})
export interface JournalRecord extends Schema.Schema.Type<typeof JournalRecord> {}
