/**
 * How calls of one dependency are treated: numbers, each with its reason beside it in the dependency's `policy.ts`.
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
  /** At most so many attempts, the first included. */
  readonly attempts: number
  /** The sleep before attempt n + 1, decided from the failure. See `Backoff`. */
  readonly backoff: Schedule.Schedule<unknown, TransientFailure>
  /** A `Retry-After` above this counts as this. */
  readonly retryAfterCap?: Duration.Input
  /** Attempts in flight at once, abandoned ones that have not ended yet included. */
  readonly concurrency: number
  readonly breaker: { readonly consecutive: number; readonly openFor: Duration.Input; readonly probes?: number }
  readonly budget?: { readonly ratio: number; readonly reserve: number }
  /** How old a last good value may be. */
  readonly staleFor?: Duration.Input
}
