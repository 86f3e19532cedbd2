/** A policy that changes under way: which numbers are new from then on, and what is kept over the change. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Dependency, Policy, TransientFailure } from "../../src/resilience/index.ts"
import { calm, failing, failure, make, once, read, working } from "./subjects.ts"

const fail = (dependency: Dependency, times: number) =>
  Effect.replicateEffect(Effect.exit(dependency.call(failing, once)), times)
const stateOf = (dependency: Dependency) => Effect.map(dependency.snapshot, ({ state }) => state)
const change = (dependency: Dependency, policy: Partial<Policy>) => dependency.reconfigure({ ...calm, ...policy })

describe("a change of the policy", () => {
  it.effect("keeps what the breaker's window has counted, also when the window gets longer", () =>
    Effect.gen(function* () {
      const rate = { failures: 0.5, minimumCalls: 10, window: "10 seconds" } as const
      const breaker = { consecutive: Infinity, openFor: "5 seconds" } as const
      const dependency = yield* make({ breaker: { ...breaker, rate } })
      yield* fail(dependency, 3)
      yield* change(dependency, { breaker: { ...breaker, rate: { ...rate, minimumCalls: 7 } } })
      yield* fail(dependency, 3)
      yield* change(dependency, { breaker: { ...breaker, rate: { ...rate, minimumCalls: 7, window: "1 minute" } } })
      assert.strictEqual(yield* stateOf(dependency), "closed")
      yield* TestClock.adjust("30 seconds")
      yield* fail(dependency, 1)
      assert.strictEqual(yield* stateOf(dependency), "open")
    })
  )

  it.effect("forgets after the new window what was counted before it", () =>
    Effect.gen(function* () {
      const rate = { failures: 0.5, minimumCalls: 4, window: "1 minute" } as const
      const breaker = { consecutive: Infinity, openFor: "5 seconds" } as const
      const dependency = yield* make({ breaker: { ...breaker, rate } })
      yield* fail(dependency, 3)
      yield* change(dependency, { breaker: { ...breaker, rate: { ...rate, window: "2 seconds" } } })
      yield* TestClock.adjust("3 seconds")
      yield* fail(dependency, 1)
      assert.strictEqual(yield* stateOf(dependency), "closed")
    })
  )

  it.effect("keeps the failures in a row, and judges them by the new number", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 9, openFor: "5 seconds" } })
      yield* fail(dependency, 3)
      yield* change(dependency, { breaker: { consecutive: 4, openFor: "7 seconds" } })
      yield* fail(dependency, 1)
      const { state, retryAfterMillis } = yield* dependency.snapshot
      assert.deepStrictEqual({ state, retryAfterMillis }, { state: "open", retryAfterMillis: 7000 })
    })
  )

  it.effect("keeps the end of an opening that has begun", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "5 seconds" } })
      yield* fail(dependency, 1)
      yield* TestClock.adjust("2 seconds")
      yield* change(dependency, { breaker: { consecutive: 1, openFor: "1 hour" } })
      const { state, stateMillis, retryAfterMillis } = yield* dependency.snapshot
      assert.deepStrictEqual([state, stateMillis, retryAfterMillis], ["open", 2000, 3000])
    })
  )

  it.effect("keeps the probes that are out and those that have passed", () =>
    Effect.gen(function* () {
      const breaker = { consecutive: 1, openFor: "5 seconds", probes: 4 } as const
      const dependency = yield* make({ breaker })
      yield* fail(dependency, 1)
      yield* TestClock.adjust("5 seconds")
      yield* dependency.call(working, once)
      const out = yield* Effect.forkChild(dependency.call(Effect.sleep("500 millis"), once), {
        startImmediately: true
      })
      yield* change(dependency, { breaker: { ...breaker, probes: 2 } })
      assert.strictEqual((yield* Effect.flip(dependency.call(working, once))).reason, "CircuitOpen")
      assert.strictEqual(yield* stateOf(dependency), "half_open")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(out)
      assert.strictEqual(yield* stateOf(dependency), "closed")
    })
  )

  it.effect("keeps what the budget has earned, and forgets it after the new window", () =>
    Effect.gen(function* () {
      const budget = { ratio: 0.5, reserve: 0, refillPerSecond: 0, window: "10 seconds" } as const
      const dependency = yield* make({ budget })
      const tokens = Effect.map(dependency.snapshot, (snapshot) => snapshot.tokens)
      yield* Effect.replicateEffect(dependency.call(working, once), 8)
      yield* change(dependency, { budget: { ...budget, window: "1 minute" } })
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* tokens, 4)
      yield* change(dependency, { budget: { ...budget, ratio: 1, window: "1 minute" } })
      yield* dependency.call(working, once)
      assert.strictEqual(yield* tokens, 5)
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* tokens, 1)
    })
  )

  it.effect("gives a spent reserve nothing back, and refills it at the old pace until then", () =>
    Effect.gen(function* () {
      const budget = { ratio: 0, reserve: 5, refillPerSecond: 0.1 } as const
      const dependency = yield* make({ budget })
      const tokens = Effect.map(dependency.snapshot, (snapshot) => snapshot.tokens)
      yield* Effect.exit(dependency.call(failing, read))
      yield* Effect.exit(dependency.call(failing, read))
      assert.strictEqual(yield* tokens, 1)
      yield* TestClock.adjust("10 seconds")
      yield* change(dependency, { budget: { ...budget, reserve: 100, refillPerSecond: 0 } })
      assert.strictEqual(yield* tokens, 2)
      yield* change(dependency, { budget: { ...budget, reserve: 1, refillPerSecond: 0 } })
      assert.strictEqual(yield* tokens, 1)
    })
  )

  it.effect("gives back no permit of the rate limit that was spent", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ rateLimit: { permits: 2, per: "2 seconds" } })
      yield* Effect.replicateEffect(dependency.call(working, once), 2)
      yield* change(dependency, { rateLimit: { permits: 2, per: "20 seconds" } })
      const error = yield* Effect.flip(dependency.call(working, once))
      assert.deepStrictEqual([error.reason, Duration.toMillis(error.retryAfter)], ["RateLimited", 10_000])
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* dependency.call(working, once), "answer")
    })
  )

  it.effect("keeps the last good values", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.call(working, { ...once, staleKey: "price" })
      yield* TestClock.adjust("3 seconds")
      yield* change(dependency, { staleFor: "1 minute" })
      const broken: Effect.Effect<string, TransientFailure> = failing
      const served = yield* dependency.call(broken, { ...once, staleKey: "price" })
      assert.deepInclude(served, { _tag: "Stale", value: "answer", age: Duration.seconds(3) })
      yield* change(dependency, { staleFor: "2 seconds" })
      assert.strictEqual(
        (yield* Effect.flip(dependency.call(failing, { ...once, staleKey: "price" }))).reason,
        "Exhausted"
      )
    })
  )

  it.effect("keeps the orders of operators and the pause that was asked for", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "5 seconds" } })
      yield* Effect.exit(dependency.call(Effect.fail(failure("status_429", "no", "30 seconds")), once))
      yield* dependency.circuit.forceOpen({ actor: "ada", reason: "drill" })
      yield* change(dependency, { breaker: { consecutive: 3, openFor: "1 second" }, retryAfterCap: "1 second" })
      const { state, overrides, pausedMillis } = yield* dependency.snapshot
      assert.deepStrictEqual([state, overrides.length, pausedMillis], ["forced_open", 1, 30_000])
    })
  )

  it.effect("changes no counter and no other number of the snapshot", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 4, openFor: "5 seconds" } })
      yield* dependency.call(working, { ...once, staleKey: "price" })
      yield* Effect.exit(dependency.call(failing, read))
      yield* Effect.exit(dependency.call(Effect.fail("declined"), once))
      const running = yield* Effect.forkChild(dependency.call(Effect.sleep("500 millis"), once), {
        startImmediately: true
      })
      yield* TestClock.adjust("100 millis")
      yield* fail(dependency, 5)
      const before = yield* dependency.snapshot
      yield* change(dependency, {
        breaker: { consecutive: 9, openFor: "1 hour" },
        deadline: "1 minute",
        attemptTimeout: "2 seconds",
        attempts: 7,
        staleFor: "1 hour"
      })
      assert.deepStrictEqual(yield* dependency.snapshot, before)
      assert.strictEqual(before.state, "open")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(running)
    })
  )
})
