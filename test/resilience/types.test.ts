/**
 * What a call's type promises, and what does not compile.
 *
 * The compiler is the test: every `@ts-expect-error` below fails the type check when the line under it starts to compile.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Schema } from "effect"
import {
  type Dependency,
  type DependencyUnavailable,
  type Fallback,
  type Fresh,
  type KeyAgrees,
  persisted,
  type ReadOptions,
  type Rejection,
  type Stale,
  type TransientFailure,
  WriteKey
} from "../../src/resilience/index.ts"

class Declined extends Schema.TaggedError<Declined>()("Declined", { code: Schema.String }) {}
class Http extends Context.Service<
  Http,
  { readonly post: (path: string, key: string) => Effect.Effect<string, TransientFailure> }
>()("test/Http") {}

type Equal<X, Y> = (<T>() => T extends X ? 1 : 2) extends <T>() => T extends Y ? 1 : 2 ? true : false
const same = <X, Y>(equal: Equal<X, Y>) => equal

declare const payments: Dependency
declare const get: Effect.Effect<number, TransientFailure | Declined, Http>
declare const list: Effect.Effect<ReadonlyArray<string>, TransientFailure>
declare const ping: Effect.Effect<void, TransientFailure>
const confirm = Effect.gen(function* () {
  const key = yield* WriteKey
  return yield* (yield* Http).post("/confirm", key)
})
const key = persisted("pay_1:confirm")

/** Never run: it is read by the compiler only. */
export const exactTypes = () => {
  const plain = payments.call(get, { kind: "read" })
  same<typeof plain, Effect.Effect<number, Declined | DependencyUnavailable, Http>>(true)

  const withFallback = payments.call(list, { kind: "read", fallback: () => [] as const })
  same<typeof withFallback, Effect.Effect<Fresh<ReadonlyArray<string>> | Fallback<readonly []>, never, never>>(true)

  const withStale = payments.call(list, { kind: "read", staleKey: "list" })
  same<
    typeof withStale,
    Effect.Effect<Fresh<ReadonlyArray<string>> | Stale<ReadonlyArray<string>>, DependencyUnavailable, never>
  >(true)

  const withBoth = payments.call(list, {
    kind: "read",
    staleKey: "list",
    fallback: (because) => because.reason,
    hedge: true,
    attempts: 2
  })
  same<
    typeof withBoth,
    Effect.Effect<Fresh<ReadonlyArray<string>> | Stale<ReadonlyArray<string>> | Fallback<Rejection>, never, never>
  >(true)

  const keyed = payments.call(confirm, { kind: "write", idempotencyKey: key, attempts: 3 })
  same<typeof keyed, Effect.Effect<string, DependencyUnavailable, Http>>(true)

  const once = payments.call(ping, { kind: "write-once" })
  same<typeof once, Effect.Effect<void, DependencyUnavailable, never>>(true)

  // generic code keeps working: the failure of an unknown E is still taken out
  const wrap = <A, E, R>(effect: Effect.Effect<A, E, R> & KeyAgrees<R, { readonly kind: "read" }>) =>
    payments.call(effect, { kind: "read" })
  const generic = wrap(get)
  same<typeof generic, Effect.Effect<number, Declined | DependencyUnavailable, Http>>(true)
}

/** Never run. */
export const widenedOptionsStaySound = (
  widened: ReadOptions,
  plain: { readonly kind: "read"; readonly attempts: number }
) => {
  const either = payments.call(get, widened)
  same<
    typeof either,
    Effect.Effect<number | Fresh<number> | Stale<number> | Fallback<unknown>, Declined | DependencyUnavailable, Http>
  >(true)
  const counted = payments.call(get, plain)
  same<typeof counted, Effect.Effect<number, Declined | DependencyUnavailable, Http>>(true)
}

/** Never run. */
export const refused = () => [
  // @ts-expect-error no options: nobody said whether it may be repeated
  payments.call(ping),
  // @ts-expect-error retries of a write without a key
  payments.call(confirm, { kind: "write", attempts: 3 }),
  // @ts-expect-error retries of a keyless write
  payments.call(ping, { kind: "write-once", attempts: 3 }),
  // @ts-expect-error a plain string is not a stored key
  payments.call(confirm, { kind: "write", idempotencyKey: "made up for this call" }),
  // @ts-expect-error a keyed write that never reads its key
  payments.call(ping, { kind: "write", idempotencyKey: key }),
  // @ts-expect-error a keyed write passed as a read
  payments.call(confirm, { kind: "read" }),
  // @ts-expect-error a keyed write passed as a single write
  payments.call(confirm, { kind: "write-once" }),
  // @ts-expect-error a hedged write
  payments.call(confirm, { kind: "write", idempotencyKey: key, hedge: true }),
  // @ts-expect-error a write answered by a fallback
  payments.call(confirm, { kind: "write", idempotencyKey: key, fallback: () => "ok" }),
  // @ts-expect-error a write answered by a stale value
  payments.call(ping, { kind: "write-once", staleKey: "x" }),
  // @ts-expect-error a read with a key
  payments.call(get, { kind: "read", idempotencyKey: key }),
  // @ts-expect-error a misspelt option
  payments.call(get, { kind: "read", staleKeys: "x" }),
  // @ts-expect-error nothing is Fresh unless something else could have been served
  payments.call(get, { kind: "read" }).pipe(Effect.map((served) => served._tag)),
  // @ts-expect-error a stale value is not the value: the caller must say what it does with the age
  payments.call(list, { kind: "read", staleKey: "list" }).pipe(Effect.map((names) => names.length))
]

describe("the types of a call", () => {
  it("are held by the compiler, which reads this file", () => {
    assert.isFunction(refused)
  })
})
