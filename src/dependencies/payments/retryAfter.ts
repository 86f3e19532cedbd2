/**
 * Reading `Retry-After` (RFC 9110, 10.2.3): whole seconds, or a date, which is compared with the answer's own `Date`
 * so that two clocks that differ do not matter. A date gone by asks for nothing; what cannot be read is ignored.
 */
import { Duration } from "effect"

export const retryAfterOf = (
  header: string | undefined,
  date: string | undefined,
  nowMillis: number
): Duration.Duration | undefined => {
  const text = header?.trim() ?? ""
  if (/^\d{1,9}$/.test(text)) return Duration.seconds(Number(text))
  const until = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(until)) return undefined
  const answeredAt = Date.parse(date ?? "")
  return Duration.millis(Math.max(0, until - (Number.isNaN(answeredAt) ? nowMillis : answeredAt)))
}
