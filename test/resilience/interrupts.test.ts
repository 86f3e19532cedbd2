/**
 * An interrupt at any point: no permit is lost, no circuit is wedged, every call is counted once.
 *
 * A scheduler of its own makes the k-th step of anything inside the call yield, and interrupts the caller right there, for
 * every k until the call is too short to have one. Nothing may be left afterwards, and the next call must be served.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, References, Scheduler } from "effect"
import { TestClock } from "effect/testing"
import type { Dependency, Policy } from "../../src/resilience/index.ts"
import { failing, make, once, read, working } from "./subjects.ts"

/** Yields at step `at`, counted over all fibers, and then does `then` before anything goes on. */
const yieldingAt = (inner: Scheduler.Scheduler, at: number) => {
  const seen = { steps: 0, reached: false }
  let then = () => {}
  const scheduler: Scheduler.Scheduler = {
    executionMode: inner.executionMode,
    shouldYield: (fiber) => {
      if (++seen.steps !== at) return inner.shouldYield(fiber)
      seen.reached = true
      return true
    },
    makeDispatcher: () => {
      const dispatcher = inner.makeDispatcher()
      return {
        scheduleTask: (task, priority) =>
          dispatcher.scheduleTask(() => {
            if (seen.reached) then()
            task()
          }, priority),
        flush: () => dispatcher.flush()
      }
    }
  }
  return { scheduler, seen, onReached: (action: () => void) => (then = action) }
}

interface Situation {
  readonly policy: Partial<Policy>
  /** What stands before the call; its fibers end by themselves. */
  readonly before: (dependency: Dependency) => Effect.Effect<unknown, unknown>
  readonly call: (dependency: Dependency) => Effect.Effect<unknown, unknown>
}

const step = Effect.andThen(Effect.sleep("10 millis"), working)
const broken = Effect.andThen(Effect.sleep("10 millis"), failing)

const situations: Record<string, Situation> = {
  "a first attempt": {
    policy: { concurrency: 1 },
    before: () => Effect.void,
    call: (dependency) => dependency.call(step, read)
  },
  "a call whose attempts fail": {
    policy: { concurrency: 1 },
    before: () => Effect.void,
    call: (dependency) => dependency.call(broken, read)
  },
  "a call that ends without letting go of the processor": {
    policy: { concurrency: 1 },
    before: () => Effect.void,
    call: (dependency) => dependency.call(working, read)
  },
  "an attempt that times out": {
    policy: { concurrency: 1, attemptTimeout: "20 millis", attempts: 2 },
    before: () => Effect.void,
    call: (dependency) =>
      dependency.call(
        Effect.onInterrupt(Effect.never, () => Effect.sleep("5 millis")),
        read
      )
  },
  "a half-open probe": {
    policy: { concurrency: 1, breaker: { consecutive: 1, openFor: "50 millis" } },
    before: (dependency) => Effect.andThen(Effect.exit(dependency.call(failing, once)), TestClock.adjust("50 millis")),
    call: (dependency) => dependency.call(step, read)
  },
  "a wait in the line": {
    policy: { concurrency: 1, queue: { size: 2, wait: "1 second" } },
    before: (dependency) => Effect.forkChild(dependency.call(step, once), { startImmediately: true }),
    call: (dependency) => dependency.call(step, read)
  },
  "a hedged call": {
    policy: { hedge: { minimumSamples: 1 }, attempts: 2 },
    before: (dependency) => dependency.call(working, once),
    call: (dependency) =>
      dependency.call(Effect.andThen(Effect.sleep("100 millis"), working), { kind: "read", hedge: true })
  },
  "a substitute": {
    policy: {},
    before: (dependency) => dependency.call(working, { ...once, staleKey: "x" }),
    call: (dependency) => dependency.call(broken, { ...once, staleKey: "x" })
  }
}

/** True: step `at` was reached. */
const interruptedAt = ({ policy, before, call }: Situation, at: number) =>
  Effect.gen(function* () {
    const dependency = yield* make(policy)
    yield* before(dependency)
    const inner = yield* Scheduler.Scheduler
    const yielding = yieldingAt(inner, at)
    const caller = yield* Effect.forkChild(
      Effect.provideService(Effect.exit(call(dependency)), Scheduler.Scheduler, yielding.scheduler)
    )
    yielding.onReached(() => caller.interruptUnsafe())
    for (let n = 0; n < 40; n++) yield* TestClock.adjust("5 millis")
    yield* Fiber.await(caller)
    yield* TestClock.adjust("10 seconds")
    const { inFlight, waiting, abandoned, timers, sleepers, calls, outcomes } = yield* dependency.snapshot
    const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
    assert.deepStrictEqual(
      { inFlight, waiting, abandoned, timers, sleepers, ended },
      { inFlight: 0, waiting: 0, abandoned: 0, timers: 0, sleepers: 0, ended: calls },
      `interrupted at step ${at}`
    )
    assert.strictEqual(yield* dependency.call(working, once), "answer", `after an interrupt at step ${at}`)
    return yielding.seen.reached
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.provideService(References.MinimumLogLevel, "None"))

describe("an interrupt at every step of", () => {
  for (const [name, situation] of Object.entries(situations)) {
    it.live(`${name} leaves nothing behind`, () =>
      Effect.gen(function* () {
        let at = 1
        while (yield* interruptedAt(situation, at)) at++
        assert.isAbove(at, 3, "the scheduler was asked")
      })
    )
  }
})
