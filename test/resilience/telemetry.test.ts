/** How a Dependency is seen: each call counted once; one event, one line and one count for every transition. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Metric, References, Stream } from "effect"
import { TestClock } from "effect/testing"
import { DependencyUnavailable, FeatureDisabled, type KitEvent, TransientFailure } from "../../src/resilience/index.ts"
import { PolicyInvalid } from "../../src/resilience/index.ts"
import { failing, failingTimes, failure, make, once, read, working } from "./subjects.ts"

const by = { actor: "ada", reason: "drill" }

/** Runs with a registry and a logger of its own; gives the lines. */
const observed = <A, E, R>(body: (lines: Array<Record<string, unknown>>) => Effect.Effect<A, E, R>) => {
  const lines: Array<Record<string, unknown>> = []
  const logger = Logger.make(({ logLevel, message, fiber }) => {
    lines.push({ level: logLevel, message, ...fiber.getRef(References.CurrentLogAnnotations) })
  })
  return body(lines).pipe(
    Effect.provide(Logger.layer([logger])),
    Effect.provideService(Metric.MetricRegistry, new Map())
  )
}

const metric = (name: string, attributes: Record<string, string> = {}) =>
  Effect.map(Metric.snapshot, (series) =>
    series.find(
      ({ id, attributes: have }) =>
        id === name && Object.entries(attributes).every(([key, value]) => have?.[key] === value)
    )
  )
const sumOf = (name: string) =>
  Effect.map(Metric.snapshot, (series) =>
    series
      .filter(({ id }) => id === name)
      .reduce((sum, { state }) => sum + Number((state as Metric.CounterState<number>).count), 0)
  )

describe("metrics", () => {
  it.effect("count every call once, whatever became of it", () =>
    observed(() =>
      Effect.gen(function* () {
        const dependency = yield* make({ breaker: { consecutive: 6, openFor: "1 minute" } })
        yield* dependency.call(failingTimes(2), read)
        yield* Effect.exit(dependency.call(Effect.fail("declined"), read))
        yield* Effect.exit(dependency.call(Effect.die("bug"), read))
        yield* Effect.exit(dependency.call(failing, read))
        yield* dependency.call(failing, { ...once, fallback: () => 0 })
        const fiber = yield* Effect.forkChild(dependency.call(Effect.never, read))
        yield* TestClock.adjust("10 millis")
        yield* Fiber.interrupt(fiber)
        yield* Effect.exit(dependency.call(failing, { kind: "write-once" }))
        for (let n = 0; n < 5; n++) yield* Effect.exit(dependency.call(failing, once))
        assert.strictEqual(yield* sumOf("dependency_started_total"), 12)
        assert.strictEqual(yield* sumOf("dependency_calls_total"), 12)
        const { attempts, retries, calls } = yield* dependency.snapshot
        assert.strictEqual(yield* sumOf("dependency_attempts_total"), attempts)
        assert.strictEqual(calls, 12)
        assert.isAbove(retries, 0)
      })
    )
  )

  it.effect("keep the durations of substitutes apart", () =>
    observed(() =>
      Effect.gen(function* () {
        const dependency = yield* make()
        yield* dependency.call(working, once)
        yield* dependency.call(failing, { ...once, fallback: () => 0 })
        yield* dependency.call(failing, { ...once, fallback: () => 0 })
        const counts = yield* Effect.forEach(["live", "substitute"], (served) =>
          Effect.map(
            metric("dependency_call_duration_seconds", { served }),
            (series) => (series!.state as Metric.HistogramState).count
          )
        )
        assert.deepStrictEqual(counts, [1, 2])
      })
    )
  )

  it.effect("leave with the Dependency", () =>
    observed(() =>
      Effect.gen(function* () {
        yield* Effect.scoped(make())
        assert.lengthOf(yield* Metric.snapshot, 0)
      })
    )
  )

  it.effect("add up the seconds that a 429 asked for, and the seconds of an outage", () =>
    observed(() =>
      Effect.gen(function* () {
        const dependency = yield* make({ breaker: { consecutive: 1, openFor: "1 minute" } })
        yield* Effect.exit(dependency.call(Effect.fail(failure("status_429", "no", "3 seconds")), once))
        yield* TestClock.adjust("3 seconds")
        yield* Effect.exit(dependency.call(failing, once))
        yield* TestClock.adjust("7 seconds")
        assert.strictEqual(yield* sumOf("dependency_throttled_total"), 1)
        assert.strictEqual(yield* sumOf("dependency_throttled_seconds_total"), 3)
        assert.strictEqual(yield* sumOf("dependency_outage_seconds_total"), 7)
      })
    )
  )
})

describe("a transition", () => {
  it.effect("is one event, one line in the caller's context, and one count", () =>
    observed((lines) =>
      Effect.gen(function* () {
        const dependency = yield* make({ breaker: { consecutive: 1, openFor: "1 minute" } })
        const events: Array<KitEvent> = []
        yield* Effect.forkChild(
          Stream.runForEach(dependency.events, (event) => Effect.sync(() => events.push(event))),
          { startImmediately: true }
        )
        yield* dependency.call(failing, once).pipe(Effect.exit, Effect.annotateLogs("request_id", "req_1"))
        yield* TestClock.adjust("1 minute")
        yield* dependency.call(working, once)
        yield* TestClock.adjust("1 milli")
        const names = ["OnCircuitOpened", "OnCircuitHalfOpened", "OnCircuitClosed"]
        assert.deepStrictEqual(
          events.map(({ event }) => event),
          names
        )
        assert.deepStrictEqual(
          lines.map(({ event }) => event),
          names
        )
        assert.deepInclude(lines[0]!, {
          level: "Warn",
          dependency: "thing",
          request_id: "req_1",
          "circuit.state": "open",
          "error.type": "status_500"
        })
        assert.strictEqual(yield* sumOf("dependency_circuit_transitions_total"), 3)
      })
    )
  )

  it.effect("by an operator names the actor and the reason", () =>
    observed((lines) =>
      Effect.gen(function* () {
        const dependency = yield* make()
        yield* dependency.switchOff(by)
        assert.isTrue(lines.some(({ actor, reason }) => actor === "ada" && reason === "drill"))
        assert.isTrue(lines.some(({ event }) => event === "OnSwitchedOff"))
      })
    )
  )
})

describe("a substitute", () => {
  it.effect("is counted every time and logged once a minute", () =>
    observed((lines) =>
      Effect.gen(function* () {
        const dependency = yield* make()
        const call = dependency.call(failing, { ...once, fallback: () => 0 })
        for (let second = 0; second < 121; second++) {
          yield* call
          yield* TestClock.adjust("1 second")
        }
        assert.strictEqual((yield* dependency.snapshot).outcomes.fallback, 121)
        assert.lengthOf(lines, 3)
      })
    )
  )
})

describe("the kit's failures", () => {
  it("are plain values without a stack, each with a category and a sentence", () => {
    const failures = [
      failure("reset"),
      new DependencyUnavailable("thing", "CircuitOpen", "no", 0, { _tag: "Millis", millis: 1 } as never, undefined),
      new FeatureDisabled("checkout", { _tag: "Millis", millis: 1 } as never),
      new PolicyInvalid("thing", ["attempts"])
    ]
    for (const each of failures) {
      assert.notInstanceOf(each, Error)
      assert.notProperty(each, "stack")
      assert.include(["transient", "permanent"], each.category)
    }
    assert.match(failures[0]!.message, /may be repeated/)
    assert.instanceOf(failures[0], TransientFailure)
  })
})

describe("a million mixed outcomes", () => {
  it.live("leave no fiber, timer or entry behind, and every one is counted", () =>
    Effect.gen(function* () {
      const dependency = yield* make({
        concurrency: 100_000,
        attempts: 2,
        attemptTimeout: "1 second",
        staleEntries: 50,
        budget: { ratio: 0.2, reserve: 10 }
      })
      const rounds = 100
      const size = 10_000
      for (let round = 0; round < rounds; round++) {
        const calls = (n: number) => {
          switch (n % 8) {
            case 0:
              return Effect.exit(dependency.call(failing, read))
            case 1:
              return Effect.exit(dependency.call(Effect.fail("declined"), read))
            case 2:
              return dependency.call(failing, { ...once, staleKey: `key_${n}`, fallback: () => 0 })
            case 3:
              return dependency.call(working, { ...once, staleKey: `key_${n}` })
            default:
              return dependency.call(working, once)
          }
        }
        for (let n = 0; n < size - 20; n++) yield* calls(n) as Effect.Effect<unknown, unknown>
        const hanging = yield* Effect.forEach(Array.from({ length: 20 }), () =>
          Effect.forkChild(Effect.exit(dependency.call(Effect.never, once)), { startImmediately: true })
        )
        for (const fiber of hanging.slice(10)) yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("2 seconds")
        for (const fiber of hanging) assert.isTrue(Exit.isExit(fiber.pollUnsafe()))
      }
      const { calls, outcomes, inFlight, waiting, abandoned, timers, sleepers, lastGood } = yield* dependency.snapshot
      assert.strictEqual(calls, rounds * size)
      assert.strictEqual(
        Object.values(outcomes).reduce((sum, count) => sum + count, 0),
        rounds * size
      )
      assert.deepStrictEqual(
        { inFlight, waiting, abandoned, timers, sleepers, lastGood },
        { inFlight: 0, waiting: 0, abandoned: 0, timers: 0, sleepers: 0, lastGood: 50 }
      )
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.provideService(References.MinimumLogLevel, "None"))
  )
})
