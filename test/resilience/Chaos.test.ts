/** Faults on demand: absent unless installed, innermost of all strategies. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Random, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Chaos, type ChaosKind, type ChaosPlan, type Dependency, type KitEvent } from "../../src/resilience/index.ts"
import { failure, make, once, read, timed, working } from "./subjects.ts"

const always = 1

/** Each way to disturb, as a plan for every attempt, and what a caller and a subscriber see of it. */
const disturbances: Record<ChaosKind, { readonly plan: ChaosPlan; readonly seen: Seen }> = {
  fault: {
    plan: { fault: { share: always, failure: failure("chaos") } },
    seen: { answer: "Exhausted", millis: 0, events: ["Chaos.OnFault"] }
  },
  latency: {
    plan: { latency: { share: always, delay: "300 millis" } },
    seen: { answer: "answer", millis: 300, events: ["Chaos.OnLatency"] }
  },
  outcome: {
    plan: { outcome: { share: always, value: "invented" } },
    seen: { answer: "invented", millis: 0, events: ["Chaos.OnOutcome"] }
  }
}
const undisturbed: Seen = { answer: "answer", millis: 0, events: [] }

interface Seen {
  readonly answer: string
  readonly millis: number
  readonly events: ReadonlyArray<KitEvent["event"]>
}

/** One call that would answer at once, and what is seen of it. */
const observed = Effect.fnUntraced(function* (dependency: Dependency): Effect.fn.Return<Seen> {
  const events: Array<KitEvent["event"]> = []
  const subscriber = yield* Effect.forkChild(
    Stream.runForEach(dependency.events, ({ event }) => Effect.sync(() => events.push(event))),
    { startImmediately: true }
  )
  const answered = Effect.catch(dependency.call(working, once), ({ reason }) => Effect.succeed(reason))
  const fiber = yield* Effect.forkChild(timed(answered))
  yield* TestClock.adjust("1 minute")
  const { exit, millis } = yield* Fiber.join(fiber)
  yield* Fiber.interrupt(subscriber)
  return { answer: yield* exit, millis, events }
})

describe("chaos", () => {
  it.effect("is not described unless its Layer is there", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      assert.notInclude(dependency.describe(), "chaos")
    })
  )

  for (const [kind, { plan, seen }] of Object.entries(disturbances)) {
    it.effect(`does no ${kind} to a dependency that was made without its Layer, and does with it`, () =>
      Effect.gen(function* () {
        const without = yield* make()
        const withChaos = Effect.gen(function* () {
          const dependency = yield* make()
          yield* (yield* Chaos).plan("thing", plan)
          return [yield* observed(without), yield* observed(dependency)]
        })
        assert.deepStrictEqual(yield* Effect.provide(withChaos, Chaos.layer), [undisturbed, seen])
      })
    )
  }

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
