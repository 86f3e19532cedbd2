/**
 * A problem (RFC 9457): what every answer that is not 2xx or 3xx carries, whoever produced it.
 *
 * `code` is the one field to switch on. `retry` says whether and how a repeat makes sense; `side_effects` whether
 * something durable happened. This is its shape on the wire; `problems.ts` says which error becomes which.
 */
import { Schema } from "effect"
import { Checks } from "../ops/errors.ts"
import { FieldError } from "./errors.ts"

export const Retry = Schema.Literals(["never", "same_key", "new_key", "after_change"])
export const SideEffects = Schema.Literals(["none", "committed", "unknown"])

export const Problem = Schema.Struct({
  type: Schema.String,
  title: Schema.String,
  status: Schema.Int,
  detail: Schema.String,
  instance: Schema.String,
  code: Schema.String,
  category: Schema.Literals(["transient", "permanent", "partial", "fatal"]),
  request_id: Schema.String,
  timestamp: Schema.String,
  retry: Retry,
  side_effects: SideEffects,
  resource: Schema.optionalKey(Schema.String),
  retry_after: Schema.optionalKey(Schema.Int),
  errors: Schema.optionalKey(Schema.Array(FieldError)),
  errors_truncated: Schema.optionalKey(Schema.Boolean),
  reason: Schema.optionalKey(Schema.String),
  checks: Schema.optionalKey(Checks)
}).annotate({ identifier: "Problem" })
export type Problem = typeof Problem.Type

export const contentType = "application/problem+json"
