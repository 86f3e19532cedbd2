/**
 * Whether a call is made again, and when. Pure.
 *
 * The server's word counts: only a problem that may pass by itself and says `same_key` is repeated, not before its
 * `Retry-After`, and not at all when the call's deadline comes first. Where nobody answered, it is repeated if that
 * cannot do anything twice: it only reads, ends something, or carries a key.
 */
import type { NoAnswer, NotSent, Refused, UnknownProblem } from "./failures.ts"

export interface Attempted {
  readonly failure: Refused | UnknownProblem | NoAnswer | NotSent
  /** How often it has been tried, 1 or more. */
  readonly attempts: number
  readonly attemptsMost: number
  /** It may arrive twice without harm. */
  readonly harmless: boolean
  readonly remainingMillis: number
  /** 0 to 1, for the jitter. */
  readonly random: number
}

/** Milliseconds: the first pause, doubled with each, and the longest. Full jitter, so that clients do not march in step. */
const pause = { first: 200, longest: 5_000 }

/** Milliseconds to wait before the next attempt; undefined when there is none. */
export const repeatAfter = (attempted: Attempted): number | undefined => {
  const { attempts, attemptsMost, failure, harmless, random, remainingMillis } = attempted
  if (attempts >= attemptsMost) return undefined
  const asked = askedSeconds(failure, harmless)
  if (asked === undefined) return undefined
  const backoff = Math.min(pause.longest, pause.first * 2 ** (attempts - 1)) * random
  const wait = Math.ceil(Math.max(asked * 1000, backoff))
  return wait < remainingMillis ? wait : undefined
}

/** Seconds that the answer asks to wait for, 0 when it does not say; undefined when it is final. */
const askedSeconds = (failure: Attempted["failure"], harmless: boolean): number | undefined => {
  if (failure._tag === "NotSent") return undefined
  if (failure._tag === "NoAnswer") {
    const passes = failure.reason === "connection" || [429, 502, 503, 504].includes(failure.status ?? 0)
    return harmless && passes ? (failure.retryAfterSeconds ?? 0) : undefined
  }
  const { problem } = failure as Refused | UnknownProblem
  return problem.retry === "same_key" && problem.category === "transient" ? (problem.retry_after ?? 0) : undefined
}
