/**
 * `holdfast/resilience`: one typed declaration for every call that can fail. Imports only `effect`.
 */
export { type AttemptInfo, CurrentAttempt } from "./CurrentAttempt.ts"
export { Dependency, type DependencySnapshot } from "./Dependency.ts"
export { DependencyUnavailable, FeatureDisabled, type Rejection, type Sent, TransientFailure } from "./errors.ts"
export { type IdempotencyKey, persisted, WriteKey } from "./keys.ts"
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
export type { Policy } from "./Policy.ts"
export type { Fallback, Fresh, Stale } from "./served.ts"
