/**
 * A dependency's counts: plain numbers that only grow, read when somebody asks.
 *
 * Every call is counted once at its start and once, under exactly one outcome, at its end.
 */
import type { Rejection } from "./errors.ts"

/**
 * How a call ended. `success` and `domain` are the dependency's own answers, `stale` and `fallback` substitutes,
 * `interrupted` the caller's doing, `defect` a bug in the call; the rest is why there was no answer.
 */
export type Outcome = "success" | "domain" | "stale" | "fallback" | "interrupted" | "defect" | Rejection

export const outcomes: ReadonlyArray<Outcome> = [
  "success",
  "domain",
  "stale",
  "fallback",
  "interrupted",
  "defect",
  "DependencyDisabled",
  "DeadlineExceeded",
  "RetryBudgetExhausted",
  "CircuitOpen",
  "BulkheadFull",
  "RateLimited",
  "Exhausted"
]

/** Upper ends in milliseconds: a LAN answer, a human's patience, and steps between. */
export const durationBoundaries = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]

/** Calls by how long they took: one count for each boundary, and one for what took longer. */
export class Durations {
  readonly counts = new Float64Array(durationBoundaries.length + 1)
  count = 0
  sum = 0
  min = Infinity
  max = 0

  add(millis: number): void {
    let bucket = 0
    while (bucket < durationBoundaries.length && millis > durationBoundaries[bucket]!) bucket++
    this.counts[bucket]!++
    this.count++
    this.sum += millis
    if (millis < this.min) this.min = millis
    if (millis > this.max) this.max = millis
  }
}

export class Counters {
  calls = 0
  readonly outcomes: Record<Outcome, number> = {
    success: 0,
    domain: 0,
    stale: 0,
    fallback: 0,
    interrupted: 0,
    defect: 0,
    DependencyDisabled: 0,
    DeadlineExceeded: 0,
    RetryBudgetExhausted: 0,
    CircuitOpen: 0,
    BulkheadFull: 0,
    RateLimited: 0,
    Exhausted: 0
  }
  /** Refusals of the kit, also those that a substitute answered. */
  readonly rejections: Record<Rejection, number> = {
    DependencyDisabled: 0,
    DeadlineExceeded: 0,
    RetryBudgetExhausted: 0,
    CircuitOpen: 0,
    BulkheadFull: 0,
    RateLimited: 0,
    Exhausted: 0
  }
  attempts = 0
  failures = 0
  retries = 0
  hedges = 0
  timeouts = 0
  throttled = 0
  throttledSeconds = 0
  chaos = 0
  readonly transitions = { closed: 0, open: 0, half_open: 0, forced_open: 0, disabled: 0 }
  /** Calls that the dependency itself was asked for. */
  readonly live = new Durations()
  /** Calls that ended in a last good value or a fallback. */
  readonly substituted = new Durations()
}
