/**
 * What can go wrong with a call, as plain values without a stack: building one costs nanoseconds, and none is a bug.
 *
 * An adapter says `TransientFailure`; callers of a Dependency see `DependencyUnavailable`; a feature that is switched off
 * is `FeatureDisabled`. Their fields are names, numbers and codes, so all three may be logged as they are.
 */
import { Duration } from "effect"

/** What is known about the other side when a call did not succeed: "no" only where the request provably never left. */
export type Sent = "no" | "maybe"

/** The one failure that the policy looks at: retried, counted by the circuit. Everything else is a domain answer. */
export class TransientFailure {
  readonly _tag = "TransientFailure" as const
  readonly category = "transient" as const
  /** A short code for logs and metrics, like `connection_refused` or `status_503`. Never a provider's text. */
  readonly reason: string
  readonly sent: Sent
  /** How long the dependency asked to be left alone. */
  readonly retryAfter: Duration.Duration | undefined
  /** The dependency is well and told us to slow down: it is paused and its limit shrinks, but its circuit stays. */
  readonly throttled: boolean
  constructor(fields: {
    readonly reason: string
    readonly sent: Sent
    readonly retryAfter?: Duration.Duration | undefined
    /** When absent: it was not sent and a `retryAfter` came with it, which is what a 429 is. */
    readonly throttled?: boolean | undefined
  }) {
    this.reason = fields.reason
    this.sent = fields.sent
    this.retryAfter = fields.retryAfter
    this.throttled = fields.throttled ?? (fields.sent === "no" && fields.retryAfter !== undefined)
  }
  get message(): string {
    return `The call failed (${this.reason}); it may be repeated${this.sent === "no" ? "" : " under its own key"}.`
  }
}

/** Why the kit gave up: which strategy refused the call, or `Exhausted` when its attempts were used up. */
export type Rejection =
  | "DependencyDisabled"
  | "DeadlineExceeded"
  | "RetryBudgetExhausted"
  | "CircuitOpen"
  | "BulkheadFull"
  | "RateLimited"
  | "Exhausted"

/** No answer from a dependency. `sent` is joined over ALL attempts: one "maybe" makes the whole call "maybe". */
export class DependencyUnavailable {
  readonly _tag = "DependencyUnavailable" as const
  readonly category = "transient" as const
  readonly dependency: string
  readonly reason: Rejection
  readonly sent: Sent
  /** Attempts that were started; 0 means that the call was refused before anything left. */
  readonly attempts: number
  /** The earliest time at which another call makes sense; at least a millisecond. */
  readonly retryAfter: Duration.Duration
  /** The last real failure, whatever refused the next attempt. */
  readonly last: TransientFailure | undefined
  constructor(
    dependency: string,
    reason: Rejection,
    sent: Sent,
    attempts: number,
    retryAfter: Duration.Duration,
    last: TransientFailure | undefined
  ) {
    this.dependency = dependency
    this.reason = reason
    this.sent = sent
    this.attempts = attempts
    this.retryAfter = retryAfter
    this.last = last
  }
  get message(): string {
    return `${this.dependency} is unavailable (${this.reason}); call again after ${Duration.format(this.retryAfter)}.`
  }
}

/** A feature that an operator switched off. */
export class FeatureDisabled {
  readonly _tag = "FeatureDisabled" as const
  readonly category = "transient" as const
  readonly feature: string
  readonly retryAfter: Duration.Duration
  constructor(feature: string, retryAfter: Duration.Duration) {
    this.feature = feature
    this.retryAfter = retryAfter
  }
  get message(): string {
    return `${this.feature} is switched off; call again after ${Duration.format(this.retryAfter)}.`
  }
}
