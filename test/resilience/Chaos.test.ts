/** Faults on demand: absent unless installed, innermost of all strategies. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Random } from "effect"
import { TestClock } from "effect/testing"
import { Chaos } from "../../src/resilience/index.ts"
import { failure, make, once, read, timed, working } from "./subjects.ts"

const always = 1

describe("chaos", () => {
  it.effect("is not there unless its Layer is", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      assert.notInclude(dependency.describe(), "chaos")
    })
  )

  it.effect("leaves a dependency without a plan alone", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      assert.include(dependency.describe(), "chaos")
      assert.strictEqual(yield* dependency.call(working, once), "answer")
    }).pipe(Effect.provide(Chaos.layer))
  )

  it.effect("fails attempts as the dependency would: retried, counted by the circuit", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 3, openFor: "1 minute" } })
      const chaos = yield* Chaos
      yield* chaos.plan("thing", { fault: { share: always, failure: failure("chaos", "maybe") } })
      const error = yield* Effect.flip(dependency.call(working, read))
      assert.deepStrictEqual([error.attempts, error.last?.reason, error.sent], [3, "chaos", "maybe"])
      assert.strictEqual((yield* dependency.snapshot).state, "open")
      yield* chaos.clear("thing")
      yield* dependency.circuit.reset({ actor: "ada", reason: "over" })
      assert.strictEqual(yield* dependency.call(working, read), "answer")
    }).pipe(Effect.provide(Chaos.layer))
  )

  it.effect("delays attempts inside their timeout", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* (yield* Chaos).plan("thing", { latency: { share: always, delay: "5 seconds" } })
      const fiber = yield* Effect.forkChild(timed(Effect.flip(dependency.call(working, once))))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).millis, 1000)
    }).pipe(Effect.provide(Chaos.layer))
  )

  it.effect("answers in place of the dependency", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* (yield* Chaos).plan("thing", { outcome: { share: always, value: "invented" } })
      assert.strictEqual(yield* dependency.call(working, once), "invented")
    }).pipe(Effect.provide(Chaos.layer))
  )

  it.effect("disturbs the share of attempts that it was told", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* (yield* Chaos).plan("thing", { fault: { share: 0.3, failure: failure("chaos") } })
      yield* Effect.replicateEffect(Effect.exit(dependency.call(working, once)), 1000)
      const { failures } = yield* dependency.snapshot
      assert.isAtLeast(failures, 250)
      assert.isAtMost(failures, 350)
    }).pipe(Effect.provide(Chaos.layer), Random.withSeed("holdfast"))
  )
})
