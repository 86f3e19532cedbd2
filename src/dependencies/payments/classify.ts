/**
 * What an answer of the provider proves about the operation. Pure; held by a table test.
 *
 * - `definite`: the provider decided, and would decide the same again.
 * - `not_executed`: provably nothing happened; the same key may be sent again.
 * - `in_progress`: another request with this key, or on this payment, is still running: ask again later.
 * - `unknown`: it may have taken effect. Anything unreadable or not in the provider's own shape is unknown, because a
 *   proxy on the way can answer in its place.
 */
import { Duration, Schema } from "effect"
import { parseRetryAfter, TransientFailure } from "../../resilience/index.ts"
import type { DeclineCode } from "./errors.ts"

/** A whole answer; `body` is its text. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export type Verdict =
  | { readonly _tag: "Answered"; readonly body: unknown }
  | { readonly _tag: "Declined"; readonly code: DeclineCode; readonly payment: unknown }
  | { readonly _tag: "StateDiffers"; readonly payment: unknown }
  | { readonly _tag: "Refused"; readonly code: string }
  | { readonly _tag: "KeyReused" }
  | { readonly _tag: "InProgress"; readonly retryAfter: Duration.Duration }
  | {
      readonly _tag: "Unsettled"
      readonly certainty: "not_executed" | "unknown"
      /** Nothing cures this by itself: an operator has to know. */
      readonly alarm: boolean
      readonly failure: TransientFailure
    }

const ErrorBody = Schema.Struct({
  error: Schema.Struct({
    type: Schema.String,
    code: Schema.optionalKey(Schema.NullOr(Schema.String)),
    decline_code: Schema.optionalKey(Schema.NullOr(Schema.String)),
    payment_intent: Schema.optionalKey(Schema.Unknown)
  })
})
type ProviderError = (typeof ErrorBody.Type)["error"]
const decodeError = Schema.decodeUnknownOption(Schema.fromJsonString(ErrorBody))
const decodeObject = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

export const classify = (answer: RawAnswer, nowMillis: number): Verdict => {
  const { headers, status } = answer
  const retryAfter = parseRetryAfter(headers["retry-after"], { date: headers["date"], nowMillis })
  if (status >= 200 && status < 300) return accepted(answer)
  if (status >= 300 && status < 400) return unsettled("unknown", "redirected", undefined, true)
  if (status === 401 || status === 403) return unsettled("not_executed", "credentials_refused", refusedPause, true)
  const found = decodeError(answer.body)
  const error = found._tag === "Some" ? found.value.error : undefined
  if (status === 409 || error?.code === "lock_timeout" || error?.code === "idempotency_key_in_use")
    return { _tag: "InProgress", retryAfter: retryAfter ?? askAgainAfter }
  if (status === 429) return unsettled("not_executed", "rate_limited", retryAfter)
  if (status >= 500 || status === 408 || headers["stripe-should-retry"] === "true")
    return unsettled("unknown", `status_${status}`, retryAfter)
  return error === undefined ? unsettled("unknown", "unreadable_answer") : decided(error)
}

/** A request of ours that is still running there is over in a second or so. */
const askAgainAfter = Duration.seconds(1)

/** While the credentials are refused every call would be; nobody calls for this long, and orders wait. */
const refusedPause = Duration.seconds(30)

const accepted = ({ body, status }: RawAnswer): Verdict => {
  const found = status === 200 ? decodeObject(body) : undefined
  return found?._tag === "Some"
    ? { _tag: "Answered", body: found.value }
    : unsettled("unknown", status === 200 ? "unreadable_answer" : `status_${status}`)
}

const decided = (error: ProviderError): Verdict => {
  if (error.type === "idempotency_error") return { _tag: "KeyReused" }
  if (error.type === "card_error")
    return { _tag: "Declined", code: declineCode(error.decline_code ?? error.code), payment: error.payment_intent }
  if (error.code === "payment_intent_unexpected_state") return { _tag: "StateDiffers", payment: error.payment_intent }
  return { _tag: "Refused", code: shortCode(error.code ?? error.type) }
}

const publicDeclines: ReadonlyMap<string, DeclineCode> = new Map<string, DeclineCode>([
  ["insufficient_funds", "insufficient_funds"],
  ["expired_card", "expired_card"],
  ["incorrect_cvc", "incorrect_cvc"],
  ["invalid_cvc", "incorrect_cvc"]
])

/** Lost, stolen, fraudulent and the like are all just `declined`. */
export const declineCode = (code: string | null | undefined): DeclineCode =>
  publicDeclines.get(code ?? "") ?? "declined"

/** A code is kept only if it looks like one: it must not carry anybody's words. */
const shortCode = (code: string) => (/^[a-z][a-z0-9_]{0,63}$/.test(code) ? code : "unrecognised")

/**
 * A request that got no whole answer. Only what failed while connecting is `not_executed`: after that some byte may
 * have been written, and nobody can tell what became of it.
 */
export const classifyTransport = (cause: unknown): Verdict & { readonly _tag: "Unsettled" } => {
  const code = failureCode(cause)
  return code === undefined ? unsettled("unknown", "connection_lost") : unsettled("not_executed", code)
}

/** Codes that only arise before anything was written, and what we call them. */
const beforeWriting: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "connection_refused"],
  ["ENOTFOUND", "host_unknown"],
  ["EAI_AGAIN", "host_unknown"],
  ["UND_ERR_CONNECT_TIMEOUT", "connect_timeout"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate_refused"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "certificate_refused"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate_refused"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "certificate_refused"],
  ["CERT_HAS_EXPIRED", "certificate_refused"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate_refused"]
])

const SystemError = Schema.Struct({ code: Schema.String, syscall: Schema.optionalKey(Schema.String) })
const ManyErrors = Schema.Struct({ errors: Schema.NonEmptyArray(Schema.Unknown) })
const isSystemError = Schema.is(SystemError)
const areManyErrors = Schema.is(ManyErrors)

/** Several addresses are tried at once: nothing was written only if that holds for each. */
const failureCode = (cause: unknown): string | undefined => {
  if (areManyErrors(cause)) {
    const codes = cause.errors.map(failureCode)
    return codes.includes(undefined) ? undefined : codes[0]
  }
  if (!isSystemError(cause)) return undefined
  return beforeWriting.get(cause.code) ?? (cause.syscall === "connect" ? "connect_failed" : undefined)
}

export const unsettled = (
  certainty: "not_executed" | "unknown",
  reason: string,
  retryAfter?: Duration.Duration,
  alarm = false
): Verdict & { readonly _tag: "Unsettled" } => ({
  _tag: "Unsettled",
  certainty,
  alarm,
  failure: new TransientFailure({ reason, sent: certainty === "not_executed" ? "no" : "maybe", retryAfter })
})
