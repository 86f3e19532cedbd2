/**
 * What a read may be answered with when it asked for a substitute: the live value, the last good one, or a fallback.
 *
 * The type says so, so that nobody mistakes an old price for a new one.
 */
import type { Duration } from "effect"
import type { DependencyUnavailable } from "./errors.ts"

export interface Fresh<A> {
  readonly _tag: "Fresh"
  readonly value: A
}
/** The last value that the dependency gave, `age` ago. */
export interface Stale<A> {
  readonly _tag: "Stale"
  readonly value: A
  readonly age: Duration.Duration
  readonly because: DependencyUnavailable
}
export interface Fallback<B> {
  readonly _tag: "Fallback"
  readonly value: B
  readonly because: DependencyUnavailable
}
