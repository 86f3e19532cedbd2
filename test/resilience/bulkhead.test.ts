/** How many attempts may be out, who waits, who is dropped, and how the limits move. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Dependency, Priority } from "../../src/resilience/index.ts"
import { failing, failure, make, nowMillis, once, timed, working } from "./subjects.ts"

const hold = (dependency: Dependency, millis: number, priority: Priority = "default") =>
  Effect.forkChild(dependency.call(Effect.sleep(millis), { ...once, priority }), { startImmediately: true })
const line = { size: 2, wait: "400 millis" } as const

describe("a full bulkhead", () => {
  it.effect("refuses at once, where nobody may wait", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 2 })
      yield* hold(dependency, 500)
      yield* hold(dependency, 500)
      const { exit, millis } = yield* timed(Effect.flip(dependency.call(working, once)))
      assert.deepStrictEqual([(yield* exit).reason, (yield* exit).attempts, millis], ["BulkheadFull", 0, 0])
    })
  )

  it.effect("lets calls wait in order of arrival, critical ones first", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 1, queue: { size: 9, wait: "1 minute" } })
      yield* hold(dependency, 100)
      const served: Array<string> = []
      const wait = (name: string, priority: Priority) =>
        Effect.forkChild(
          dependency.call(
            Effect.andThen(
              Effect.sync(() => served.push(name)),
              Effect.sleep(10)
            ),
            { ...once, priority }
          ),
          { startImmediately: true }
        )
      yield* wait("first", "default")
      yield* wait("second", "default")
      yield* wait("urgent", "critical")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(served, ["urgent", "first", "second"])
    })
  )

  it.effect("lets no call wait longer than the limit or its own deadline", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 1, queue: line })
      yield* hold(dependency, 900)
      const fiber = yield* Effect.forkChild(timed(Effect.flip(dependency.call(working, once))))
      yield* TestClock.adjust("1 second")
      const { exit, millis } = yield* Fiber.join(fiber)
      assert.deepStrictEqual([(yield* exit).reason, millis], ["BulkheadFull", 400])
    })
  )

  it.effect("never lets a sheddable call wait, and keeps the last fifth of the permits from it", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 5, queue: line })
      for (let n = 0; n < 4; n++) yield* hold(dependency, 500)
      const shed = dependency.call(working, { ...once, priority: "sheddable" })
      assert.strictEqual((yield* Effect.flip(shed)).reason, "BulkheadFull")
      assert.strictEqual(yield* dependency.call(working, once), "answer")
    })
  )

  it.effect("gives the last place in a full line to a critical call", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 1, queue: line })
      yield* hold(dependency, 300)
      const waiting = [yield* hold(dependency, 1), yield* hold(dependency, 1)]
      const urgent = yield* hold(dependency, 1, "critical")
      assert.isTrue(Exit.isFailure(yield* Fiber.await(waiting[1]!)))
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(urgent)))
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(waiting[0]!)))
    })
  )

  it.effect("spends no permit on a caller who has left the line", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 1, queue: line })
      yield* hold(dependency, 100)
      const gone = yield* hold(dependency, 500)
      yield* Fiber.interrupt(gone)
      yield* TestClock.adjust("100 millis")
      const { inFlight, waiting, attempts } = yield* dependency.snapshot
      assert.deepStrictEqual({ inFlight, waiting, attempts }, { inFlight: 0, waiting: 0, attempts: 1 })
    })
  )

  it.effect("asks the circuit again after the wait", () =>
    Effect.gen(function* () {
      const dependency = yield* make({
        concurrency: 1,
        queue: line,
        breaker: { consecutive: 1, openFor: "1 minute" }
      })
      const holder = Effect.andThen(Effect.sleep(100), failing)
      yield* Effect.forkChild(Effect.exit(dependency.call(holder, once)), { startImmediately: true })
      const waiting = yield* Effect.forkChild(Effect.flip(dependency.call(working, once)), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(waiting)).reason, "CircuitOpen")
    })
  )

  it.effect("serves a long line of calls that end at once without nesting them", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 1, queue: { size: 20_000, wait: "1 minute" } })
      yield* hold(dependency, 100)
      const calls = Array.from({ length: 20_000 }, () => dependency.call(working, once))
      const all = yield* Effect.forkChild(Effect.all(calls, { concurrency: "unbounded", discard: true }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(all)
      assert.strictEqual((yield* dependency.snapshot).outcomes.success, 20_001)
    })
  )
})

describe("an adaptive limit", () => {
  const adaptive = { minimum: 2, initial: 10 } as const

  it.effect("grows by one for every limit's worth of successes that found half of it in use", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 50, adaptive })
      const round = Effect.gen(function* () {
        const fibers = yield* Effect.forEach(Array.from({ length: 10 }), () => hold(dependency, 10))
        yield* TestClock.adjust("10 millis")
        yield* Effect.forEach(fibers, Fiber.join)
      })
      yield* round
      assert.strictEqual((yield* dependency.snapshot).limit, 10)
      yield* round
      yield* round
      assert.strictEqual((yield* dependency.snapshot).limit, 11)
    })
  )

  it.effect("does not grow while nobody needs it", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 50, adaptive })
      yield* Effect.replicateEffect(dependency.call(working, once), 200)
      assert.strictEqual((yield* dependency.snapshot).limit, 10)
    })
  )

  it.effect("shrinks once for a burst that is dropped together, and never below its minimum", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 50, adaptive, attemptTimeout: "100 millis" })
      const burst = Effect.gen(function* () {
        const calls = Array.from({ length: 8 }, () => Effect.exit(dependency.call(Effect.never, once)))
        const fiber = yield* Effect.forkChild(Effect.all(calls, { concurrency: "unbounded" }))
        yield* TestClock.adjust("200 millis")
        yield* Fiber.join(fiber)
      })
      yield* burst
      assert.strictEqual((yield* dependency.snapshot).limit, 9)
      for (let n = 0; n < 30; n++) yield* burst
      assert.strictEqual((yield* dependency.snapshot).limit, 2)
    })
  )

  it.effect("shrinks when the dependency says that it is too much", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 50, adaptive })
      yield* Effect.exit(dependency.call(Effect.fail(failure("status_429", "no", "1 second")), once))
      assert.strictEqual((yield* dependency.snapshot).limit, 9)
    })
  )
})

describe("a rate limit", () => {
  it.effect("lets a burst through, then one per interval, and refuses the rest with the time to come", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ rateLimit: { permits: 10, per: "1 second", burst: 3 } })
      yield* Effect.replicateEffect(dependency.call(working, once), 3)
      const error = yield* Effect.flip(dependency.call(working, once))
      assert.deepStrictEqual([error.reason, Duration.toMillis(error.retryAfter)], ["RateLimited", 100])
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* dependency.call(working, once), "answer")
      assert.strictEqual((yield* Effect.flip(dependency.call(working, once))).reason, "RateLimited")
      assert.isTrue((yield* nowMillis) === 100)
    })
  )

  it.effect("starts no more attempts in any time than it allows", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ rateLimit: { permits: 20, per: "1 second", burst: 5 } })
      for (let n = 0; n < 500; n++) {
        yield* Effect.exit(dependency.call(working, once))
        yield* TestClock.adjust("10 millis")
      }
      const { attempts } = yield* dependency.snapshot
      assert.isAtMost(attempts, 5 + 20 * 5)
      assert.isAtLeast(attempts, 20 * 5)
    })
  )
})
