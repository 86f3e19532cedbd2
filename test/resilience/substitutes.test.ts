/** What is served in place of an answer: the last good value, a fallback, and nothing else. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Dependency, type TransientFailure } from "../../src/resilience/index.ts"
import { calm, failing, make, once, working } from "./subjects.ts"

const kept = { kind: "read", attempts: 1, staleKey: "list" } as const

describe("a last good value", () => {
  it.effect("survives any number of failed refreshes", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.call(working, kept)
      for (let n = 0; n < 1000; n++) {
        yield* TestClock.adjust("1 second")
        const served = yield* dependency.call(failing, kept)
        assert.strictEqual(served.value, "answer")
        assert.strictEqual(served._tag === "Stale" && Duration.toMillis(served.age), (n + 1) * 1000)
      }
    })
  )

  it.effect("is replaced by the next success only", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.call(Effect.succeed("old"), kept)
      yield* Effect.exit(dependency.call(Effect.fail("a domain answer"), kept))
      assert.strictEqual((yield* dependency.call(failing, kept)).value, "old")
      assert.deepStrictEqual(yield* dependency.call(Effect.succeed("new"), kept), { _tag: "Fresh", value: "new" })
      assert.strictEqual((yield* dependency.call(failing, kept)).value, "new")
    })
  )

  it.effect("that is too old is not served", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ staleFor: "1 minute" })
      yield* dependency.call(working, kept)
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual((yield* Effect.flip(dependency.call(failing, kept))).reason, "Exhausted")
    })
  )

  it.effect("says why it is served", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.call(working, kept)
      yield* dependency.switchOff({ actor: "ada", reason: "drill" })
      const served = yield* dependency.call(working, kept)
      assert.strictEqual(served._tag === "Stale" && served.because.reason, "DependencyDisabled")
    })
  )

  it.effect("is one of a bounded number; the one refreshed longest ago goes first", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ staleEntries: 2 })
      const list = (staleKey: string) => ({ kind: "read", attempts: 1, staleKey }) as const
      for (const key of ["a", "b", "a", "c"]) yield* dependency.call(Effect.succeed(key), list(key))
      const found = yield* Effect.forEach(["a", "b", "c"], (key) => Effect.exit(dependency.call(failing, list(key))))
      assert.deepStrictEqual(found.map(Exit.isSuccess), [true, false, true])
    })
  )

  it.effect("is kept apart for each key", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.call(working, kept)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(dependency.call(failing, { ...kept, staleKey: "other" }))))
    })
  )
})

describe("a fallback", () => {
  it.effect("answers when there is no last good value, and hears why", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const served = yield* dependency.call(failing, { ...kept, fallback: (because) => because.attempts })
      assert.deepStrictEqual([served._tag, served.value], ["Fallback", 1])
    })
  )

  it.effect("gives way to a last good value", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.call(working, kept)
      assert.strictEqual((yield* dependency.call(failing, { ...kept, fallback: () => "nothing" }))._tag, "Stale")
    })
  )

  it.effect("is what a switched-off dependency shows", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.switchOff({ actor: "ada", reason: "drill" })
      assert.strictEqual((yield* dependency.call(working, { ...once, fallback: () => [] }))._tag, "Fallback")
      assert.strictEqual((yield* Effect.flip(dependency.call(working, once))).reason, "DependencyDisabled")
    })
  )

  it.effect("does not hide another dependency's failure", () =>
    Effect.gen(function* () {
      const outer = yield* make()
      const inner = yield* Dependency.make("inner", calm)
      const error = yield* Effect.flip(outer.call(inner.call(failing, once), { ...once, fallback: () => "nothing" }))
      assert.strictEqual(error.dependency, "inner")
    })
  )

  it.effect("that throws is a defect of the call, counted as a fallback", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      const broken = () => JSON.parse("{")
      assert.isTrue(Exit.hasDies(yield* Effect.exit(dependency.call(failing, { ...once, fallback: broken }))))
      assert.strictEqual((yield* dependency.snapshot).outcomes.fallback, 1)
    })
  )
})

describe("a hedge", () => {
  /** A hundred answers of 100 ms, so that the percentile is known. */
  const warm = Effect.gen(function* () {
    const dependency = yield* make({ hedge: {}, attemptTimeout: "5 seconds" })
    const calls = Array.from({ length: 100 }, () => dependency.call(Effect.sleep("100 millis"), once))
    const fiber = yield* Effect.forkChild(Effect.all(calls, { concurrency: "unbounded" }))
    yield* TestClock.adjust("100 millis")
    yield* Fiber.join(fiber)
    return dependency
  })
  const hedged = { kind: "read", hedge: true } as const
  const script = (...steps: ReadonlyArray<Effect.Effect<string, TransientFailure>>) => {
    const left = [...steps]
    return Effect.suspend(() => left.shift()!)
  }
  const after = (millis: number, value: string) => Effect.as(Effect.sleep(millis), value)

  it.effect("starts beside an attempt that is slower than most, and the first answer wins", () =>
    Effect.gen(function* () {
      const dependency = yield* warm
      const fiber = yield* Effect.forkChild(dependency.call(script(after(4000, "slow"), after(50, "quick")), hedged))
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "quick")
      const { hedges, inFlight, tokens } = yield* dependency.snapshot
      assert.deepStrictEqual({ hedges, inFlight }, { hedges: 1, inFlight: 0 })
      assert.strictEqual(tokens, 29)
    })
  )

  it.effect("does not start when the attempt answers in time", () =>
    Effect.gen(function* () {
      const dependency = yield* warm
      const fiber = yield* Effect.forkChild(dependency.call(after(100, "in time"), hedged))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "in time")
      assert.strictEqual((yield* dependency.snapshot).hedges, 0)
    })
  )

  it.effect("does not start before enough answers have been seen", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ hedge: {} })
      const fiber = yield* Effect.forkChild(dependency.call(after(900, "slow"), hedged))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "slow")
      assert.strictEqual((yield* dependency.snapshot).hedges, 0)
    })
  )

  it.effect("waits for the other attempt when one of the two fails", () =>
    Effect.gen(function* () {
      const dependency = yield* warm
      const effect = script(after(500, "slow but well"), Effect.andThen(Effect.sleep(10), failing))
      const fiber = yield* Effect.forkChild(dependency.call(effect, hedged))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "slow but well")
    })
  )

  it.effect("ends with its call: an interrupt takes both attempts", () =>
    Effect.gen(function* () {
      const dependency = yield* warm
      const fiber = yield* Effect.forkChild(dependency.call(Effect.never, hedged))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* dependency.snapshot).inFlight, 2)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* dependency.snapshot).inFlight, 0)
    })
  )
})
