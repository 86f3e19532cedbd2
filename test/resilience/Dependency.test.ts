/** What a caller of a Dependency can rely on, one fact a test, on a clock that the test moves. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Option, Schedule } from "effect"
import { TestClock } from "effect/testing"
import {
  Backoff,
  CurrentAttempt,
  Dependencies,
  Dependency,
  DependencyUnavailable,
  persisted,
  remaining,
  withDeadline,
  WriteKey
} from "../../src/resilience/index.ts"
import { calm, failing, failingTimes, failure, make, nowMillis, once, read, timed, working } from "./subjects.ts"

describe("a call", () => {
  it.effect("retries a transient failure and answers with the first success", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      assert.strictEqual(yield* dependency.call(failingTimes(2), read), 3)
    })
  )

  it.effect("that used up its attempts says so with the last real failure", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const error = yield* Effect.flip(dependency.call(failing, read))
      assert.instanceOf(error, DependencyUnavailable)
      assert.strictEqual(error.reason, "Exhausted")
      assert.strictEqual(error.attempts, 3)
      assert.strictEqual(error.last?.reason, "status_500")
    })
  )

  it.effect("is not repeated after a domain answer, and the circuit takes that as a success", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "1 hour" } })
      let attempts = 0
      const declined = Effect.suspend(() => {
        attempts++
        return Effect.fail("declined" as const)
      })
      for (let n = 0; n < 5; n++) assert.strictEqual(yield* Effect.flip(dependency.call(declined, read)), "declined")
      assert.strictEqual(attempts, 5)
      assert.strictEqual((yield* dependency.snapshot).state, "closed")
    })
  )

  it.effect("of a write without a key is sent once", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const error = yield* Effect.flip(dependency.call(failing, { kind: "write-once" }))
      assert.strictEqual(error.attempts, 1)
    })
  )

  it.effect("of a keyed write finds the same key in every attempt", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const keys: Array<string> = []
      const confirm = Effect.gen(function* () {
        keys.push(yield* WriteKey)
        return yield* Effect.fail(failure("reset"))
      })
      yield* Effect.flip(dependency.call(confirm, { kind: "write", idempotencyKey: persisted("pay_1:confirm") }))
      assert.deepStrictEqual(keys, ["pay_1:confirm", "pay_1:confirm", "pay_1:confirm"])
    })
  )

  it.effect("runs in the caller's context and gives its attempts a number", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const numbers: Array<number | undefined> = []
      const effect = Effect.gen(function* () {
        numbers.push((yield* CurrentAttempt)?.number)
        return yield* Effect.fail(failure("reset"))
      })
      yield* Effect.flip(dependency.call(effect, read))
      assert.deepStrictEqual(numbers, [1, 2, 3])
    })
  )

  it.effect("lets a defect through, without a retry and without a mark on the circuit", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "1 hour" } })
      const exit = yield* Effect.exit(dependency.call(Effect.die("a bug"), read))
      assert.isTrue(Exit.hasDies(exit))
      const { attempts, outcomes, state } = yield* dependency.snapshot
      assert.deepStrictEqual(
        { attempts, defects: outcomes.defect, state },
        { attempts: 1, defects: 1, state: "closed" }
      )
    })
  )
})

describe("what may have been sent", () => {
  it.effect("is joined over all attempts: one maybe wins", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const answers = [failure("reset", "maybe"), failure("refused", "no"), failure("refused", "no")]
      const error = yield* Effect.flip(
        dependency.call(
          Effect.suspend(() => Effect.fail(answers.shift()!)),
          read
        )
      )
      assert.strictEqual(error.sent, "maybe")
    })
  )

  it.effect("stays maybe when the last answer is an open circuit", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "1 hour" } })
      const error = yield* Effect.flip(dependency.call(Effect.fail(failure("reset", "maybe")), read))
      assert.deepStrictEqual([error.reason, error.sent, error.attempts], ["CircuitOpen", "maybe", 1])
    })
  )

  it.effect("is no when every attempt was refused a connection", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const error = yield* Effect.flip(dependency.call(Effect.fail(failure("refused", "no")), read))
      assert.strictEqual(error.sent, "no")
    })
  )

  it.effect("is maybe after a timeout", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const fiber = yield* Effect.forkChild(Effect.flip(dependency.call(Effect.never, once)))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert.deepStrictEqual([error.sent, error.last?.reason], ["maybe", "attempt_timeout"])
    })
  )
})

describe("a deadline", () => {
  it.effect("ends the call in time, with the last real failure and not with a timeout", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ deadline: "1500 millis", attempts: 9 })
      let attempts = 0
      const effect = Effect.suspend(() => (++attempts === 1 ? Effect.fail(failure("status_503")) : Effect.never))
      const fiber = yield* Effect.forkChild(timed(Effect.flip(dependency.call(effect, read))))
      yield* TestClock.adjust("1 minute")
      const { exit, millis } = yield* Fiber.join(fiber)
      const error = yield* exit
      assert.deepStrictEqual([error.reason, error.last?.reason, millis], ["DeadlineExceeded", "status_503", 1500])
    })
  )

  it.effect("starts no sleep that it would cut", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ deadline: "2 seconds", backoff: Schedule.spaced("3 seconds") })
      const { exit, millis } = yield* timed(Effect.flip(dependency.call(failing, read)))
      assert.deepStrictEqual([(yield* exit).reason, (yield* exit).attempts, millis], ["DeadlineExceeded", 1, 0])
    })
  )

  it.effect("starts no attempt that has less than the floor left", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ attemptFloor: "400 millis", backoff: Schedule.spaced("700 millis") })
      const call = dependency.call(failing, read).pipe(Effect.flip, withDeadline("1 second"))
      assert.deepStrictEqual([(yield* call).reason, (yield* call).attempts], ["DeadlineExceeded", 1])
    })
  )

  it.effect("that is too near lets nothing start", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ attemptFloor: "400 millis" })
      const error = yield* dependency.call(working, read).pipe(Effect.flip, withDeadline("300 millis"))
      assert.deepStrictEqual([error.reason, error.attempts], ["DeadlineExceeded", 0])
    })
  )

  it.effect("around a call is the call's, when it is earlier", () =>
    Effect.gen(function* () {
      const outer = yield* make({ deadline: "700 millis", attempts: 1 })
      const inner = yield* Dependency.make("inner", calm)
      const fiber = yield* Effect.forkChild(timed(outer.call(Effect.exit(inner.call(Effect.never, read)), once)))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).millis, 700)
    })
  )

  it.effect("can be read inside an attempt", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ deadline: "3 seconds" })
      const seen = yield* dependency.call(Effect.andThen(Effect.yieldNow, remaining), read)
      assert.strictEqual(Option.getOrThrow(Option.map(seen, Duration.toMillis)), 3000)
      assert.isTrue(Option.isNone(yield* remaining))
    })
  )

  it.effect("for connecting ends in a failure that sent nothing", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ connectTimeout: "200 millis" })
      const call = dependency.call(dependency.connecting(Effect.never), once)
      const fiber = yield* Effect.forkChild(timed(Effect.flip(call)))
      yield* TestClock.adjust("1 minute")
      const { exit, millis } = yield* Fiber.join(fiber)
      assert.deepStrictEqual([(yield* exit).last?.reason, (yield* exit).sent, millis], ["connect_timeout", "no", 200])
    })
  )
})

describe("an attempt that timed out", () => {
  it.effect("is answered at once and keeps its permit until it has ended", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 1, attempts: 1 })
      const slowToEnd = Effect.onInterrupt(Effect.never, () => Effect.sleep("1 minute"))
      const fiber = yield* Effect.forkChild(timed(Effect.flip(dependency.call(slowToEnd, read))))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).millis, 1000)
      const error = yield* Effect.flip(dependency.call(working, read))
      assert.strictEqual(error.reason, "BulkheadFull")
      assert.strictEqual((yield* dependency.snapshot).abandoned, 1)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* dependency.call(working, read), "answer")
      assert.strictEqual((yield* dependency.snapshot).abandoned, 0)
    })
  )

  it.effect("ends with the scope that its Dependency was made in", () =>
    Effect.gen(function* () {
      const ended = yield* Deferred.make<void>()
      const stubborn = Effect.never.pipe(
        Effect.onInterrupt(() => Effect.andThen(Effect.sleep("5 seconds"), Deferred.succeed(ended, undefined)))
      )
      const scoped = Effect.gen(function* () {
        const dependency = yield* make()
        yield* Effect.flip(dependency.call(stubborn, once))
      }).pipe(Effect.scoped)
      const fiber = yield* Effect.forkChild(scoped)
      yield* TestClock.adjust("2 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 minute")
      assert.isTrue(yield* Deferred.isDone(ended))
      yield* Fiber.join(fiber)
    })
  )
})

describe("closing a dependency", () => {
  it.effect("does not wait for ever for an attempt that will not end", () =>
    Effect.gen(function* () {
      const scoped = Effect.gen(function* () {
        const dependency = yield* make()
        yield* Effect.flip(dependency.call(Effect.uninterruptible(Effect.sleep("1 hour")), once))
      }).pipe(Effect.scoped)
      const fiber = yield* Effect.forkChild(timed(scoped))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).millis, 11_000)
    })
  )
})

describe("an interrupted caller", () => {
  it.effect("waits for its attempt's finalizers", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const slowToEnd = Effect.onInterrupt(Effect.never, () => Effect.sleep("300 millis"))
      const fiber = yield* Effect.forkChild(dependency.call(slowToEnd, read))
      yield* TestClock.adjust("100 millis")
      const interrupt = yield* Effect.forkChild(timed(Fiber.interrupt(fiber)))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(interrupt)).millis, 300)
      assert.strictEqual((yield* dependency.snapshot).outcomes.interrupted, 1)
    })
  )

  it.effect("waits no longer than the grace, when there is one", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ interruptGrace: "50 millis" })
      const slowToEnd = Effect.onInterrupt(Effect.never, () => Effect.sleep("300 millis"))
      const fiber = yield* Effect.forkChild(dependency.call(slowToEnd, read))
      yield* TestClock.adjust("100 millis")
      const interrupt = yield* Effect.forkChild(timed(Fiber.interrupt(fiber)))
      yield* TestClock.adjust("60 millis")
      assert.strictEqual((yield* Fiber.join(interrupt)).millis, 50)
      assert.strictEqual((yield* dependency.snapshot).abandoned, 1)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* dependency.snapshot).abandoned, 0)
    })
  )
})

describe("retries", () => {
  it.effect("of 1,000 concurrent calls on a dead dependency make at most 1.1 attempts a call", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ backoff: Backoff.full({ base: "50 millis", cap: "1 second" }) })
      const call = Effect.exit(dependency.call(Effect.andThen(Effect.yieldNow, failing), read))
      const fiber = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 1000 }, () => call),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const { attempts, calls } = yield* dependency.snapshot
      assert.strictEqual(calls, 1000)
      assert.isAtMost(attempts / calls, 1.1)
    })
  )

  it.effect("wait as long as the dependency asks, when the deadline allows it", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const answers = [Effect.fail(failure("status_429", "no", "4 seconds")), Effect.void]
      const effect = Effect.suspend(() => answers.shift()!)
      const fiber = yield* Effect.forkChild(timed(dependency.call(effect, read)))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).millis, 4000)
    })
  )

  it.effect("are not slept for when the dependency asks for more than is left; its answer comes back at once", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const told = dependency.call(Effect.fail(failure("status_429", "no", "30 seconds")), read)
      const { exit, millis } = yield* timed(Effect.flip(told))
      const error = yield* exit
      assert.deepStrictEqual(
        [error.reason, Duration.toMillis(error.retryAfter), millis],
        ["DeadlineExceeded", 30_000, 0]
      )
    })
  )

  it.effect("treat an absurd Retry-After as the cap", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const error = yield* Effect.flip(dependency.call(Effect.fail(failure("status_429", "no", "40 days")), once))
      assert.strictEqual(Duration.toMillis(error.retryAfter), 60_000)
    })
  )

  it.effect("stop when the schedule ends", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ backoff: Schedule.recurs(1), attempts: 10 })
      assert.strictEqual((yield* Effect.flip(dependency.call(failing, read))).attempts, 2)
    })
  )
})

describe("Retry-After", () => {
  it.effect("pauses every caller, opens no circuit, and ends by itself", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "1 hour" } })
      yield* Effect.flip(dependency.call(Effect.fail(failure("status_429", "no", "5 seconds")), once))
      yield* TestClock.adjust("2 seconds")
      const error = yield* Effect.flip(dependency.call(working, read))
      assert.deepStrictEqual([error.reason, Duration.toMillis(error.retryAfter)], ["RateLimited", 3000])
      assert.strictEqual((yield* dependency.snapshot).state, "closed")
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* dependency.call(working, read), "answer")
    })
  )

  it.effect("that is shorter than an earlier one does not shorten it", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const told = (wait: Duration.Input) =>
        Effect.andThen(Effect.sleep("1 milli"), Effect.fail(failure("x", "no", wait)))
      const long = yield* Effect.forkChild(Effect.exit(dependency.call(told("8 seconds"), once)))
      const short = yield* Effect.forkChild(Effect.exit(dependency.call(told("1 second"), once)))
      yield* TestClock.adjust("1 milli")
      yield* Effect.all([Fiber.join(long), Fiber.join(short)])
      assert.strictEqual((yield* dependency.snapshot).pausedMillis, 8000)
    })
  )

  it.effect("of a failure that counts keeps the circuit open for at least as long", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ breaker: { consecutive: 1, openFor: "5 seconds" } })
      yield* Effect.flip(dependency.call(Effect.fail(failure("status_503", "maybe", "20 seconds")), once))
      assert.strictEqual((yield* dependency.snapshot).retryAfterMillis, 20_000)
    })
  )
})

describe("a policy", () => {
  it.effect("that cannot work is refused with every problem", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const error = yield* Effect.flip(
        dependency.reconfigure({ ...calm, attempts: 0, budget: { ratio: -1, reserve: 1 } })
      )
      assert.lengthOf(error.problems, 2)
    })
  )

  it.effect("can change under way: state, counts and what is in flight stay", () =>
    Effect.gen(function* () {
      const breaker = { consecutive: 2, openFor: "5 seconds", probes: 2 } as const
      const dependency = yield* make({ breaker, concurrency: 4 })
      yield* Effect.flip(dependency.call(failing, once))
      yield* Effect.flip(dependency.call(failing, once))
      yield* TestClock.adjust("5 seconds")
      yield* dependency.call(working, once)
      const running = yield* Effect.forkChild(dependency.call(Effect.sleep("500 millis"), once))
      yield* TestClock.adjust("1 milli")
      yield* dependency.reconfigure({ ...calm, breaker: { ...breaker, openFor: "1 minute" }, concurrency: 8 })
      const { attempts, inFlight, state } = yield* dependency.snapshot
      assert.deepStrictEqual({ attempts, inFlight, state }, { attempts: 4, inFlight: 1, state: "half_open" })
      // one probe had passed before the change and one was out: together they close the circuit
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(running)
      assert.strictEqual((yield* dependency.snapshot).state, "closed")
    })
  )
})

describe("Dependencies", () => {
  it.effect("list every dependency that was made, by name, and refuse a second one of a name", () =>
    Effect.gen(function* () {
      yield* Dependency.make("beta", calm)
      yield* Dependency.make("alpha", calm)
      const dependencies = yield* Dependencies
      assert.deepStrictEqual(
        (yield* dependencies.snapshot).map(({ name }) => name),
        ["alpha", "beta"]
      )
      assert.isTrue(Exit.hasDies(yield* Effect.exit(Dependency.make("alpha", calm))))
      assert.isTrue((yield* nowMillis) >= 0)
    }).pipe(Effect.provide(Dependencies.layer))
  )
})
