/** Half-open with three probes: how many enter, who is refused, and what their answers make of the circuit. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Dependency, TransientFailure } from "../../src/resilience/index.ts"
import { failing, failure, make, once, working } from "./subjects.ts"

const slow = { share: 1, over: "300 millis" } as const
const rate = { failures: 1, minimumCalls: 100, window: "1 minute", slow } as const
const breaker = { consecutive: 1, openFor: "5 seconds", probes: 3, rate } as const

/** A circuit whose time to open is just over. */
const ready = Effect.gen(function* () {
  const dependency = yield* make({ breaker })
  yield* Effect.exit(dependency.call(failing, once))
  yield* TestClock.adjust("5 seconds")
  return dependency
})

/** A probe that is out until its answer is given. */
const probe = Effect.fnUntraced(function* (dependency: Dependency) {
  const answer = yield* Deferred.make<string, TransientFailure>()
  const fiber = yield* Effect.forkChild(Effect.exit(dependency.call(Deferred.await(answer), once)), {
    startImmediately: true
  })
  return {
    succeed: Effect.andThen(Deferred.succeed(answer, "answer"), Fiber.join(fiber)),
    fail: Effect.andThen(Deferred.fail(answer, failure("status_500")), Fiber.join(fiber)),
    leave: Fiber.interrupt(fiber)
  }
})

const seen = (dependency: Dependency) =>
  Effect.map(dependency.snapshot, ({ state, inFlight, attempts }) => ({ state, inFlight, probes: attempts - 1 }))

describe("half-open with three probes", () => {
  it.effect("lets three out at a time and refuses the fourth", () =>
    Effect.gen(function* () {
      const dependency = yield* ready
      yield* Effect.replicateEffect(probe(dependency), 3)
      const error = yield* Effect.flip(dependency.call(working, once))
      assert.deepStrictEqual(
        [error.reason, error.attempts, Duration.toMillis(error.retryAfter)],
        ["CircuitOpen", 0, 5000]
      )
      assert.deepStrictEqual(yield* seen(dependency), { state: "half_open", inFlight: 3, probes: 3 })
    })
  )

  it.effect("lets three of a hundred calls that come at once in", () =>
    Effect.gen(function* () {
      const dependency = yield* ready
      yield* Effect.replicateEffect(probe(dependency), 100)
      assert.deepStrictEqual(yield* seen(dependency), { state: "half_open", inFlight: 3, probes: 3 })
      assert.strictEqual((yield* dependency.snapshot).outcomes.CircuitOpen, 97)
    })
  )

  it.effect("has no new place for one that has succeeded, and closes with the third success", () =>
    Effect.gen(function* () {
      const dependency = yield* ready
      const [first, second, third] = [yield* probe(dependency), yield* probe(dependency), yield* probe(dependency)]
      for (const passed of [first, second]) {
        yield* passed.succeed
        assert.strictEqual((yield* Effect.flip(dependency.call(working, once))).reason, "CircuitOpen")
      }
      assert.deepStrictEqual(yield* seen(dependency), { state: "half_open", inFlight: 1, probes: 3 })
      yield* third.succeed
      assert.deepStrictEqual(yield* seen(dependency), { state: "closed", inFlight: 0, probes: 3 })
      assert.strictEqual(yield* dependency.call(working, once), "answer")
    })
  )

  it.effect("closes with three successes in a row, one at a time", () =>
    Effect.gen(function* () {
      const dependency = yield* ready
      const states = yield* Effect.replicateEffect(
        Effect.andThen(
          dependency.call(working, once),
          Effect.map(dependency.snapshot, ({ state }) => state)
        ),
        3
      )
      assert.deepStrictEqual(states, ["half_open", "half_open", "closed"])
    })
  )

  it.effect("opens again with one failure, for its whole time, whatever the others answer", () =>
    Effect.gen(function* () {
      const dependency = yield* ready
      const [first, second, third] = [yield* probe(dependency), yield* probe(dependency), yield* probe(dependency)]
      yield* first.succeed
      yield* second.fail
      yield* third.succeed
      assert.deepStrictEqual(yield* seen(dependency), { state: "open", inFlight: 0, probes: 3 })
      assert.strictEqual((yield* dependency.snapshot).retryAfterMillis, 5000)
    })
  )

  it.effect("opens again with a probe that was answered too slowly", () =>
    Effect.gen(function* () {
      const dependency = yield* ready
      const slowly = yield* probe(dependency)
      yield* TestClock.adjust("301 millis")
      yield* slowly.succeed
      assert.deepStrictEqual(yield* seen(dependency), { state: "open", inFlight: 0, probes: 1 })
    })
  )

  it.effect("asks three anew the next time: what passed before does not count", () =>
    Effect.gen(function* () {
      const dependency = yield* ready
      yield* dependency.call(working, once)
      yield* dependency.call(working, once)
      yield* Effect.exit(dependency.call(failing, once))
      yield* TestClock.adjust("5 seconds")
      yield* dependency.call(working, once)
      assert.strictEqual((yield* seen(dependency)).state, "half_open")
      yield* Effect.replicateEffect(probe(dependency), 3)
      assert.strictEqual((yield* seen(dependency)).inFlight, 2)
    })
  )

  it.effect("gives the place of a probe whose caller left to one other call", () =>
    Effect.gen(function* () {
      const dependency = yield* ready
      const [leaving] = [yield* probe(dependency), yield* probe(dependency), yield* probe(dependency)]
      yield* leaving.leave
      yield* Effect.replicateEffect(probe(dependency), 2)
      assert.deepStrictEqual(yield* seen(dependency), { state: "half_open", inFlight: 3, probes: 4 })
    })
  )
})
