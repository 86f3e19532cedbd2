/**
 * The options of one call, and what they do to its type.
 *
 * The kind says whether the call may be repeated. Everything that repeats a call, or answers in its place, is allowed only
 * on a kind that stands it; the rest does not compile.
 */
import type { Effect } from "effect"
import type { DependencyUnavailable, TransientFailure } from "./errors.ts"
import type { IdempotencyKey, WriteKey } from "./keys.ts"
import type { Fallback, Fresh, Stale } from "./served.ts"

/** Who is dropped first when there is too little room: sheddable, then default, then critical. */
export type Priority = "critical" | "default" | "sheddable"

/** Safe to repeat: retried, may be hedged, may be answered from the last good value or a fallback. */
export interface ReadOptions {
  readonly kind: "read"
  readonly priority?: Priority
  /** At most so many attempts, the first included; the policy's number when absent. */
  readonly attempts?: number
  readonly hedge?: boolean
  /** The name under which the last good value is kept. */
  readonly staleKey?: string
  /** Total: it may not fail. Asked only when there is no last good value young enough. */
  readonly fallback?: (because: DependencyUnavailable) => unknown
  readonly idempotencyKey?: never
}

/** Repeated only under its key; never hedged, never answered by anything but the provider. */
export interface KeyedWriteOptions {
  readonly kind: "write"
  readonly idempotencyKey: IdempotencyKey
  readonly priority?: Priority
  readonly attempts?: number
  readonly hedge?: never
  readonly staleKey?: never
  readonly fallback?: never
}

/** A write without a key: sent at most once. */
export interface SingleWriteOptions {
  readonly kind: "write-once"
  readonly priority?: Priority
  readonly attempts?: never
  readonly idempotencyKey?: never
  readonly hedge?: never
  readonly staleKey?: never
  readonly fallback?: never
}

export type CallOptions = ReadOptions | KeyedWriteOptions | SingleWriteOptions

/** Refuses a misspelt option, which a generic parameter alone would let through. */
export type NoOthers<O> = { readonly [K in Exclude<keyof O, keyof ReadOptions>]: never }

/** Is option `K` set? `boolean` where the options' type was widened and cannot tell. */
type Asks<O, K extends string> = K extends keyof O
  ? [Exclude<O[K], undefined>] extends [never]
    ? false
    : {} extends Pick<O, K>
      ? boolean
      : true
  : false
type FallbackOf<O> = O extends { readonly fallback?: ((because: never) => infer B) | undefined } ? B : never

type ServedBy<A, B, S extends boolean, F extends boolean> = S extends true
  ? F extends true
    ? Fresh<A> | Stale<A> | Fallback<B>
    : Fresh<A> | Stale<A>
  : F extends true
    ? Fresh<A> | Fallback<B>
    : A

/** `A` alone, unless the call asked for something to be served in its place. */
export type Served<A, O> = ServedBy<A, FallbackOf<O>, Asks<O, "staleKey">, Asks<O, "fallback">>

/** A total fallback takes `DependencyUnavailable` out of the error type; a stale value cannot: there may be none yet. */
export type CallError<E, O> =
  | Exclude<E, TransientFailure>
  | (Asks<O, "fallback"> extends true ? never : DependencyUnavailable)

/** Compiles only when the effect and the options agree about the key. */
export type KeyAgrees<R, O> = O extends { readonly kind: "write" }
  ? [WriteKey] extends [R]
    ? unknown
    : { readonly "this write never reads WriteKey: use kind 'write-once'": never }
  : [Extract<R, WriteKey>] extends [never]
    ? unknown
    : { readonly "this effect is a keyed write: use kind 'write' with an idempotencyKey": never }

/** The call of a Dependency, as a type: what goes in decides what comes out. */
export type Call = <A, E, R, const O extends CallOptions>(
  effect: Effect.Effect<A, E, R> & KeyAgrees<R, O>,
  options: O & NoOthers<O>
) => Effect.Effect<Served<A, O>, CallError<E, O>, Exclude<R, WriteKey>>
