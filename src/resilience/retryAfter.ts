/**
 * `Retry-After` as RFC 9110 writes it: whole seconds, or an HTTP date.
 *
 * A date is measured against the answer's own `Date` header when there is one, so that two clocks that disagree do not make
 * a second into an hour. The past is zero; the absurd is cut by the policy's `retryAfterCap`; what is neither is nothing.
 */
import { Duration } from "effect"

const httpDate = /^[A-Za-z]{3,9},? .*(GMT|\d{4})$/

const dateMillis = (text: string): number | undefined => {
  const at = httpDate.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/** The wait that an answer asks for. `nowMillis` is the wall clock, for an answer without a `Date`. */
export const parseRetryAfter = (
  header: string | undefined,
  answer: { readonly date?: string | undefined; readonly nowMillis: number }
): Duration.Duration | undefined => {
  const text = header?.trim() ?? ""
  if (/^\d+$/.test(text)) return Duration.seconds(Number(text))
  const until = dateMillis(text)
  if (until === undefined) return undefined
  const from = (answer.date === undefined ? undefined : dateMillis(answer.date.trim())) ?? answer.nowMillis
  return Duration.millis(Math.max(0, until - from))
}
