/**
 * Every field of a snapshot, in one story on a clock that the test moves.
 *
 * The whole snapshot is compared, so a field that is added to it and not named here fails the test.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { type Dependency, type DependencySnapshot, withDeadline } from "../../src/resilience/index.ts"
import { failing, failingTimes, failure, make, once, read, working } from "./subjects.ts"

const by = { actor: "ada", reason: "drill" }

const policy = {
  attempts: 2,
  attemptTimeout: "1 second",
  budget: { ratio: 0.5, reserve: 1, refillPerSecond: 0, window: "1 minute" },
  breaker: { consecutive: 6, openFor: "5 seconds" },
  concurrency: 10,
  adaptive: { minimum: 2, initial: 10 },
  queue: { size: 2, wait: "5 seconds" },
  hedge: { percentile: 0.5, minimumSamples: 2 }
} as const

/** 0 to 500 ms: two answers in 100 ms each, of which the first is kept as a last good value, and a third one, hedged. */
const quietTime = Effect.fnUntraced(function* (dependency: Dependency) {
  const answerIn = (millis: number) => Effect.as(Effect.sleep(millis), "answer")
  const first = yield* Effect.forkChild(dependency.call(answerIn(100), { ...once, staleKey: "price" }))
  yield* TestClock.adjust("100 millis")
  yield* Fiber.join(first)
  const second = yield* Effect.forkChild(dependency.call(answerIn(100), once))
  yield* TestClock.adjust("100 millis")
  yield* Fiber.join(second)
  const hedged = yield* Effect.forkChild(dependency.call(answerIn(300), { ...read, hedge: true }))
  yield* TestClock.adjust("300 millis")
  yield* Fiber.join(hedged)
})

/** 500 to 750 ms: one call for each end that needs no other call; the last 250 ms the circuit is held open. */
const everyEnd = Effect.fnUntraced(function* (dependency: Dependency) {
  const fails = (options: typeof once | typeof read) => Effect.exit(dependency.call(failing, options))
  yield* Effect.exit(dependency.call(Effect.fail("declined"), once))
  yield* dependency.call(failingTimes(1), read)
  yield* Effect.exit(dependency.call(Effect.die("a bug"), once))
  const left = yield* Effect.forkChild(dependency.call(Effect.never, once), { startImmediately: true })
  yield* Fiber.interrupt(left)
  yield* fails(once)
  yield* dependency.call(failing, { ...once, staleKey: "price" })
  yield* dependency.switchOff(by)
  yield* Effect.exit(dependency.call(working, once))
  yield* dependency.call(working, { ...once, fallback: () => "none" })
  yield* dependency.switchOn(by)
  yield* Effect.exit(dependency.call(working, once).pipe(withDeadline(0)))
  yield* fails(read)
  yield* fails(read) // its retry is refused: the one before took the last of the budget
  yield* dependency.call(working, once)
  yield* dependency.circuit.forceOpen(by)
  yield* Effect.exit(dependency.call(working, once))
  yield* TestClock.adjust("250 millis")
  yield* dependency.circuit.reset(by)
})

/** 750 to 3000 ms: attempts that time out and do not end, a line behind them, a 429, and the circuit opens. */
const storm = Effect.fnUntraced(function* (dependency: Dependency, release: Deferred.Deferred<void>) {
  const start = <A, E>(call: Effect.Effect<A, E>) => Effect.forkChild(Effect.exit(call), { startImmediately: true })
  const stuck = dependency.call(Effect.uninterruptible(Deferred.await(release)), once)
  yield* start(stuck)
  yield* TestClock.adjust("1 second")
  yield* start(
    dependency.call(Effect.andThen(Effect.sleep("500 millis"), Effect.fail(failure("429", "no", "30 seconds"))), once)
  )
  yield* Effect.replicateEffect(start(stuck), 7)
  yield* Effect.replicateEffect(start(dependency.call(working, once)), 2)
  yield* Effect.exit(dependency.call(working, once))
  yield* TestClock.adjust("1250 millis")
  yield* Effect.exit(dependency.call(working, once))
  yield* dependency.switchOff({ ...by, expiresIn: "1 hour" })
})

const expected: DependencySnapshot = {
  name: "thing",
  state: "open",
  stateMillis: 250,
  retryAfterMillis: 4750,
  switchedOff: true,
  overrides: [{ ...by, target: "thing", kind: "off", since: 3000, until: 3_603_000, persisted: true }],
  pausedMillis: 29_250,
  // ten, a tenth less after the first timeout, and again after the 429; what timed out later had started before that
  limit: 8,
  inFlight: 8,
  waiting: 2,
  abandoned: 8,
  // five successes and a domain answer at a half each, less a hedge and a retry; the reserve is spent
  tokens: 1,
  lastErrorType: "attempt_timeout",
  calls: 29,
  outcomes: {
    success: 5,
    domain: 1,
    stale: 1,
    fallback: 1,
    interrupted: 1,
    defect: 1,
    DependencyDisabled: 1,
    DeadlineExceeded: 1,
    RetryBudgetExhausted: 1,
    CircuitOpen: 1,
    BulkheadFull: 1,
    RateLimited: 1,
    Exhausted: 11
  },
  // the fallback stood in for one that was off, the stale value for one that was exhausted
  rejections: {
    DependencyDisabled: 2,
    DeadlineExceeded: 1,
    RetryBudgetExhausted: 1,
    CircuitOpen: 1,
    BulkheadFull: 1,
    RateLimited: 1,
    Exhausted: 12
  },
  attempts: 24,
  failures: 15,
  retries: 2,
  hedges: 1,
  timeouts: 8,
  throttled: 1,
  outageSeconds: 0.5,
  // the two calls that wait share a sleeper
  timers: 2,
  sleepers: 1,
  lastGood: 1,
  // eight answers at once; up to 100 ms and 500 ms two each, and the eight that timed out after a second
  durations: [8, 0, 0, 0, 0, 0, 2, 0, 2, 8, 0, 0, 0, 0]
}

describe("a snapshot", () => {
  it.effect("says what happened, in every field", () =>
    Effect.gen(function* () {
      const release = yield* Deferred.make<void>()
      const dependency = yield* make(policy)
      yield* quietTime(dependency)
      yield* everyEnd(dependency)
      yield* storm(dependency, release)
      const snapshot = yield* dependency.snapshot
      yield* Deferred.succeed(release, undefined)
      assert.deepStrictEqual(snapshot, expected)
    })
  )

  it.effect("of a dependency that nobody has called is all zeros", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ ...policy, budget: { ratio: 0, reserve: 0 } })
      yield* TestClock.adjust("1 second")
      const numbers = Object.entries(yield* dependency.snapshot).flatMap(([name, value]) =>
        typeof value === "object" ? Object.values(value) : typeof value === "number" ? [[name, value]] : []
      )
      assert.deepStrictEqual(
        numbers.filter((value) => value !== 0 && (!Array.isArray(value) || value[1] !== 0)),
        [
          ["stateMillis", 1000],
          ["limit", 10]
        ]
      )
    })
  )
})
