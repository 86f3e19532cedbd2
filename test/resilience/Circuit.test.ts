/** The circuit of a Dependency: what opens it, what does not, how it comes back, what an operator may do. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Dependency } from "../../src/resilience/index.ts"
import { failing, failure, make, once, working } from "./subjects.ts"

const by = { actor: "ada", reason: "drill" }
const stateOf = (dependency: Dependency) => Effect.map(dependency.snapshot, ({ state }) => state)
const fail = (dependency: Dependency, times: number) =>
  Effect.replicateEffect(Effect.exit(dependency.call(failing, once)), times)

describe("a circuit", () => {
  it.effect("opens after so many failures in a row, and says when to ask again", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 3, openFor: "5 seconds" } })
      yield* fail(dependency, 2)
      yield* dependency.call(working, once)
      yield* fail(dependency, 2)
      assert.strictEqual(yield* stateOf(dependency), "closed")
      yield* fail(dependency, 1)
      yield* TestClock.adjust("2 seconds")
      const error = yield* Effect.flip(dependency.call(working, once))
      assert.deepStrictEqual([error.reason, Duration.toMillis(error.retryAfter)], ["CircuitOpen", 3000])
    })
  )

  it.effect("opens at a rate of failures, but not on too few calls", () =>
    Effect.gen(function* () {
      const rate = { failures: 0.5, minimumCalls: 4, window: "10 seconds" } as const
      const dependency = yield* make({ breaker: { consecutive: Infinity, openFor: "5 seconds", rate } })
      yield* fail(dependency, 3)
      assert.strictEqual(yield* stateOf(dependency), "closed")
      yield* fail(dependency, 1)
      assert.strictEqual(yield* stateOf(dependency), "open")
    })
  )

  it.effect("forgets failures that are older than its window", () =>
    Effect.gen(function* () {
      const rate = { failures: 0.5, minimumCalls: 4, window: "10 seconds" } as const
      const dependency = yield* make({ breaker: { consecutive: Infinity, openFor: "5 seconds", rate } })
      yield* fail(dependency, 3)
      yield* TestClock.adjust("11 seconds")
      yield* fail(dependency, 3)
      assert.strictEqual(yield* stateOf(dependency), "closed")
    })
  )

  it.effect("opens when too many calls are slow, measured without the wait for a permit", () =>
    Effect.gen(function* () {
      const slow = { share: 0.5, over: "300 millis" } as const
      const rate = { failures: 1, minimumCalls: 2, window: "1 minute", slow } as const
      const breaker = { consecutive: Infinity, openFor: "5 seconds", rate } as const
      const dependency = yield* make({ breaker, concurrency: 1, queue: { size: 9, wait: "5 seconds" } })
      const calls = (millis: number) =>
        Effect.forkChild(
          Effect.all(
            [1, 2, 3].map(() => dependency.call(Effect.sleep(millis), once)),
            { concurrency: "unbounded" }
          )
        )
      const quick = yield* calls(250)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(quick)
      assert.strictEqual(yield* stateOf(dependency), "closed")
      const slowly = yield* calls(400)
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.await(slowly)
      assert.strictEqual(yield* stateOf(dependency), "open")
    })
  )

  it.effect("lets one probe in after its time, and closes when it succeeds", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "5 seconds" } })
      yield* fail(dependency, 1)
      yield* TestClock.adjust("5 seconds")
      const probe = yield* Effect.forkChild(dependency.call(Effect.sleep("100 millis"), once))
      yield* TestClock.adjust("1 milli")
      assert.strictEqual((yield* Effect.flip(dependency.call(working, once))).reason, "CircuitOpen")
      yield* TestClock.adjust("100 millis")
      yield* Fiber.join(probe)
      assert.strictEqual(yield* stateOf(dependency), "closed")
    })
  )

  it.effect("recovers although a probe never settles", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "5 seconds" } })
      const release = yield* Deferred.make<void>()
      yield* fail(dependency, 1)
      yield* TestClock.adjust("5 seconds")
      const wedged = yield* Effect.forkChild(
        Effect.exit(dependency.call(Effect.uninterruptible(Deferred.await(release)), once))
      )
      yield* TestClock.adjust("7 seconds")
      yield* Fiber.join(wedged)
      assert.strictEqual(yield* dependency.call(working, once), "answer")
      const { state, abandoned } = yield* dependency.snapshot
      assert.deepStrictEqual({ state, abandoned }, { state: "closed", abandoned: 1 })
      yield* Deferred.succeed(release, undefined)
    })
  )

  it.effect("frees the place of a probe whose caller left", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "5 seconds" } })
      yield* fail(dependency, 1)
      yield* TestClock.adjust("5 seconds")
      const probe = yield* Effect.forkChild(dependency.call(Effect.never, once))
      yield* TestClock.adjust("1 milli")
      yield* Fiber.interrupt(probe)
      assert.strictEqual(yield* dependency.call(working, once), "answer")
    })
  )

  it.effect("is not changed by a result that is older than its last transition", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "100 millis" } })
      const late = yield* Effect.forkChild(
        Effect.exit(dependency.call(Effect.andThen(Effect.sleep("500 millis"), failing), once))
      )
      yield* TestClock.adjust("1 milli")
      yield* fail(dependency, 1)
      yield* TestClock.adjust("200 millis")
      yield* dependency.call(working, once)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(late)
      assert.strictEqual(yield* stateOf(dependency), "closed")
    })
  )

  it.effect("gives the limit back in steps after it has closed", () =>
    Effect.gen(function* () {
      const breaker = { consecutive: 1, openFor: "1 second", rampUp: "2 seconds" } as const
      const dependency = yield* make({ breaker, concurrency: 100 })
      yield* fail(dependency, 1)
      yield* TestClock.adjust("1 second")
      yield* dependency.call(working, once)
      const limits = [(yield* dependency.snapshot).limit]
      for (const wait of ["1 second", "1 second"] as const) {
        yield* TestClock.adjust(wait)
        limits.push((yield* dependency.snapshot).limit)
      }
      assert.deepStrictEqual(limits, [25, 50, 100])
    })
  )

  it.effect("opens when it hears that another node's has: for as long, its own time at the most", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "5 seconds" } })
      const waits = Effect.map(dependency.snapshot, ({ retryAfterMillis, state }) => [state, retryAfterMillis])
      yield* dependency.circuit.hear(2_000)
      assert.deepStrictEqual(yield* waits, ["open", 2_000])
      yield* dependency.circuit.hear(4_000)
      yield* TestClock.adjust("2 seconds")
      yield* dependency.call(working, once)
      assert.strictEqual(yield* stateOf(dependency), "closed")
      yield* dependency.circuit.hear(60_000)
      assert.deepStrictEqual(yield* waits, ["open", 5_000])
      yield* TestClock.adjust("5 seconds")
      yield* fail(dependency, 1)
      assert.deepStrictEqual(yield* waits, ["open", 5_000])
    })
  )

  it.effect("is asked before every attempt, so a call that opened it does not try again", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "1 minute" }, attempts: 5 })
      const error = yield* Effect.flip(dependency.call(failing, { kind: "read" }))
      assert.deepStrictEqual([error.reason, error.attempts, error.last?.reason], ["CircuitOpen", 1, "status_500"])
    })
  )
})

describe("an operator", () => {
  it.effect("forces a circuit open; its end is a probe", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.circuit.forceOpen({ ...by, expiresIn: "1 minute" })
      assert.strictEqual((yield* Effect.flip(dependency.call(working, once))).reason, "CircuitOpen")
      yield* TestClock.adjust("1 minute")
      yield* Effect.exit(dependency.call(Effect.fail(failure("still down")), once))
      assert.strictEqual(yield* stateOf(dependency), "open")
    })
  )

  it.effect("takes a circuit out; it lets everything through until that ends", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "1 minute" } })
      yield* dependency.circuit.disable({ ...by, expiresIn: "1 minute" })
      yield* fail(dependency, 5)
      assert.strictEqual(yield* stateOf(dependency), "disabled")
      yield* TestClock.adjust("1 minute")
      yield* fail(dependency, 1)
      assert.strictEqual(yield* stateOf(dependency), "open")
    })
  )

  it.effect("resets a circuit: closed, without a ramp, with the pause forgotten", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "1 hour" }, concurrency: 8 })
      yield* Effect.exit(dependency.call(Effect.fail(failure("status_503", "maybe", "30 seconds")), once))
      yield* dependency.circuit.reset(by)
      assert.strictEqual(yield* dependency.call(working, once), "answer")
      assert.strictEqual((yield* dependency.snapshot).limit, 8)
    })
  )
})
