/**
 * How calls of one dependency are treated: numbers, each with its reason beside it in the dependency's `policy.ts`.
 *
 * A part that is left out is off, but for the retry budget, the pause after `Retry-After` and the ramp, which are always on:
 * without them a retry makes an outage longer. What stands in for an absent number is `settings.ts`'s.
 */
import type { Duration, Schedule } from "effect"
import type { TransientFailure } from "./errors.ts"

export interface Policy {
  /** The whole call: attempts, sleeps and waits. */
  readonly deadline: Duration.Input
  /** One attempt. Keep it well under the deadline, or there is no room for a second one. */
  readonly attemptTimeout: Duration.Input
  /** No attempt starts with less than this left. */
  readonly attemptFloor?: Duration.Input
  /** Setting up a connection, for adapters that ask with `dependency.connecting`. */
  readonly connectTimeout?: Duration.Input
  /** At most so many attempts, the first included. */
  readonly attempts: number
  /** The sleep before the next attempt, decided from the failure. See `Backoff`. */
  readonly backoff: Schedule.Schedule<unknown, TransientFailure>
  /** A `Retry-After` above this counts as this. */
  readonly retryAfterCap?: Duration.Input
  readonly budget?: BudgetPolicy
  readonly breaker: BreakerPolicy
  /** Attempts in flight at once, abandoned ones that have not ended included. With `adaptive`, the most there may be. */
  readonly concurrency: number
  /** Absent: a call that finds no room is refused at once. */
  readonly queue?: QueuePolicy
  readonly adaptive?: AdaptivePolicy
  readonly rateLimit?: RateLimitPolicy
  readonly hedge?: HedgePolicy
  /** How old a last good value may be. */
  readonly staleFor?: Duration.Input
  /** How many last good values are kept; the one unused for longest goes first. */
  readonly staleEntries?: number
  /** How long an interrupted caller waits for its attempt to end. Absent: until it has ended. */
  readonly interruptGrace?: Duration.Input
}

export interface BreakerPolicy {
  /** So many failures in a row open the circuit. `Infinity`: only the rate does. */
  readonly consecutive: number
  readonly openFor: Duration.Input
  /** So many probes may be out in half-open, and so many must succeed to close. */
  readonly probes?: number
  readonly rate?: RatePolicy
  /** After half-open the limit comes back in steps: 25 %, 50 % from the half of this time on, then all. */
  readonly rampUp?: Duration.Input
}

export interface RatePolicy {
  /** The share of failures, 0 to 1, that opens the circuit. */
  readonly failures: number
  /** No judgement on fewer calls than this in the window. */
  readonly minimumCalls: number
  readonly window: Duration.Input
  /** The share of slow calls that opens it too, and what slow is. The wait for a permit does not count. */
  readonly slow?: { readonly share: number; readonly over: Duration.Input }
}

export interface BudgetPolicy {
  /** Retries per success of the last `window`. */
  readonly ratio: number
  /** Retries that are there without any success: a bucket, refilled slowly. */
  readonly reserve: number
  readonly refillPerSecond?: number
  readonly window?: Duration.Input
}

export interface QueuePolicy {
  readonly size: number
  readonly wait: Duration.Input
}

/** Additive increase, multiplicative decrease: finds how much the dependency bears. */
export interface AdaptivePolicy {
  readonly minimum: number
  /** Where it starts. */
  readonly initial: number
}

export interface RateLimitPolicy {
  readonly permits: number
  readonly per: Duration.Input
  /** How many may come at once after a pause; `permits` when absent. */
  readonly burst?: number
}

export interface HedgePolicy {
  /** A second attempt starts when the first has taken longer than this share of the recent ones, 0 to 1. */
  readonly percentile?: number
  /** No hedging before so many answers have been seen. */
  readonly minimumSamples?: number
}
