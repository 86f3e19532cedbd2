/**
 * `holdfast/resilience`: one typed declaration for every call that can fail. Imports only `effect`.
 *
 * Start at `Dependency.make` and `dependency.call`; `Policy` says what can be decided; the rest is for adapters
 * (`TransientFailure`, `persisted`, `WriteKey`, `parseRetryAfter`) and for operators (`KillSwitches`, `Dependencies`, `Chaos`).
 */
export { Backoff, type BackoffOptions } from "./backoff.ts"
export { Chaos, type ChaosKind, type ChaosPlan } from "./Chaos.ts"
export type { CircuitState } from "./Circuit.ts"
export { durationBoundaries, Durations, type Outcome } from "./Counters.ts"
export { type AttemptInfo, CurrentAttempt, remaining, withDeadline } from "./CurrentAttempt.ts"
export { Dependencies } from "./Dependencies.ts"
export { type By, Dependency } from "./Dependency.ts"
export { DependencyUnavailable, FeatureDisabled, type Rejection, type Sent, TransientFailure } from "./errors.ts"
export type { KitEvent, TransitionCause } from "./events.ts"
export { type IdempotencyKey, persisted, WriteKey } from "./keys.ts"
export { KillSwitches, whenEnabled } from "./KillSwitches.ts"
export type {
  Call,
  CallError,
  CallOptions,
  KeyAgrees,
  KeyedWriteOptions,
  NoOthers,
  Priority,
  ReadOptions,
  Served,
  SingleWriteOptions
} from "./options.ts"
export { isInForce, type Order, type Override, type OverrideKind, overrideOf } from "./overrides.ts"
export type {
  AdaptivePolicy,
  BreakerPolicy,
  BudgetPolicy,
  HedgePolicy,
  Policy,
  QueuePolicy,
  RateLimitPolicy,
  RatePolicy
} from "./Policy.ts"
export { parseRetryAfter } from "./retryAfter.ts"
export type { Fallback, Fresh, Stale } from "./served.ts"
export { PolicyInvalid } from "./settings.ts"
export type { DependencySnapshot } from "./snapshot.ts"
export { type Listener, Switchboard } from "./Switchboard.ts"
export { monotonicMillis, Timer, Timers } from "./Timers.ts"
export { type Waiter, WaitingLine } from "./WaitingLine.ts"
