/**
 * What an answer of the email provider proves about a mail. Pure; held by a table test.
 *
 * Only an answer in the provider's own shape is a decision: anything else may come from a proxy on the way, and the mail
 * may have been sent.
 */
import { Duration, Schema } from "effect"
import { parseRetryAfter, TransientFailure } from "../../resilience/index.ts"
import type { RawAnswer } from "../payments/classify.ts"
import { EmailInProgress, EmailKeyReused, EmailQuotaExceeded, EmailRefused } from "./errors.ts"

export type Verdict =
  | { readonly _tag: "Sent"; readonly id: string }
  | {
      readonly _tag: "NotSent"
      readonly because: EmailRefused | EmailKeyReused | EmailInProgress | EmailQuotaExceeded
    }
  | {
      readonly _tag: "Unsettled"
      readonly failure: TransientFailure
      /** Nothing cures this by itself: an operator has to know. */
      readonly alarm: boolean
    }

const Accepted = Schema.Struct({ id: Schema.String.check(Schema.isPattern(/^[\w-]{1,100}$/)) })
const Refusal = Schema.Struct({ name: Schema.String })
const decodeAccepted = Schema.decodeUnknownOption(Schema.fromJsonString(Accepted))
const decodeRefusal = Schema.decodeUnknownOption(Schema.fromJsonString(Refusal))

/** While the key is refused every call would be: nobody calls for this long, and the mails wait. */
const refusedPause = Duration.seconds(30)

export const classify = ({ body, headers, status }: RawAnswer, nowMillis: number): Verdict => {
  const retryAfter = parseRetryAfter(headers["retry-after"], { date: headers["date"], nowMillis })
  if (status >= 200 && status < 300) {
    const accepted = decodeAccepted(body)
    return accepted._tag === "Some" ? { _tag: "Sent", id: accepted.value.id } : unsettled("unreadable_answer")
  }
  if (status >= 300 && status < 400) return unsettled("redirected", undefined, true)
  const refusal = decodeRefusal(body)
  const name = refusal._tag === "Some" ? refusal.value.name : undefined
  if (status === 401 || status === 403) {
    const failure = new TransientFailure({ reason: "credentials_refused", sent: "no", retryAfter: refusedPause })
    return { _tag: "Unsettled", failure, alarm: true }
  }
  if (status === 409)
    return notSent(name === "invalid_idempotent_request" ? new EmailKeyReused() : new EmailInProgress())
  if (status === 429) return throttled(name, retryAfter)
  if (status >= 500 || status === 408) return unsettled(`status_${status}`, retryAfter)
  return name === undefined ? unsettled("unreadable_answer") : notSent(new EmailRefused({ code: shortCode(name) }))
}

const throttled = (name: string | undefined, retryAfter: Duration.Duration | undefined): Verdict => {
  const quota = /^(daily|monthly)_quota_exceeded$/.exec(name ?? "")?.[1]
  if (quota === "daily" || quota === "monthly") {
    const retryAfterMillis = retryAfter === undefined ? {} : { retryAfterMillis: Duration.toMillis(retryAfter) }
    return notSent(new EmailQuotaExceeded({ quota, ...retryAfterMillis }))
  }
  const failure = new TransientFailure({ reason: "rate_limited", sent: "no", retryAfter, throttled: true })
  return { _tag: "Unsettled", failure, alarm: false }
}

const notSent = (because: (Verdict & { readonly _tag: "NotSent" })["because"]): Verdict => ({
  _tag: "NotSent",
  because
})
const unsettled = (reason: string, retryAfter?: Duration.Duration, alarm = false): Verdict => ({
  _tag: "Unsettled",
  failure: new TransientFailure({ reason, sent: "maybe", retryAfter }),
  alarm
})

/** A code is kept only if it looks like one: it must not carry anybody's words. */
const shortCode = (code: string) => (/^[a-z][a-z0-9_]{0,63}$/.test(code) ? code : "unrecognised")
