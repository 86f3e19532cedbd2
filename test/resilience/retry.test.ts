/** Backoffs, `Retry-After` as it is written, and what retries may cost. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Random, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { Backoff, parseRetryAfter } from "../../src/resilience/index.ts"
import { RetryBudget } from "../../src/resilience/RetryBudget.ts"
import { failing, make, once, read, working } from "./subjects.ts"

/** So many first delays of a schedule, each from a fresh start. */
const delays = (schedule: Schedule.Schedule<Duration.Duration>, times: number, attempt = 1) =>
  Effect.replicateEffect(
    Effect.gen(function* () {
      const step = yield* Schedule.toStep(schedule)
      let delay = Duration.zero
      for (let n = 0; n < attempt; n++) [, delay] = yield* Effect.orDie(step(n, undefined))
      return Duration.toMillis(delay)
    }),
    times
  ).pipe(Random.withSeed("holdfast"))

/** The largest distance between what was drawn and the uniform distribution over [low, high]. */
const kolmogorovSmirnov = (samples: ReadonlyArray<number>, low: number, high: number) => {
  const sorted = samples.toSorted((one, other) => one - other)
  const distances = sorted.map((sample, index) => {
    const expected = (sample - low) / (high - low)
    return Math.max(Math.abs((index + 1) / sorted.length - expected), Math.abs(expected - index / sorted.length))
  })
  return Math.max(...distances)
}

/** Kolmogorov's bound for p = 0.01. */
const bound = (samples: number) => 1.628 / Math.sqrt(samples)

describe("a backoff", () => {
  it.effect("with full jitter is uniform between nothing and the exponential (Kolmogorov-Smirnov, 1,000 samples)", () =>
    Effect.gen(function* () {
      const schedule = Backoff.full({ base: "1 second", cap: "1 minute" })
      assert.isBelow(kolmogorovSmirnov(yield* delays(schedule, 1000), 0, 1000), bound(1000))
      assert.isBelow(kolmogorovSmirnov(yield* delays(schedule, 1000, 3), 0, 4000), bound(1000))
    })
  )

  it.effect("with decorrelated jitter is uniform between the base and three times the last", () =>
    Effect.gen(function* () {
      const schedule = Backoff.decorrelated({ base: "1 second", cap: "1 minute" })
      assert.isBelow(kolmogorovSmirnov(yield* delays(schedule, 1000), 1000, 3000), bound(1000))
    })
  )

  it.effect("is never longer than its cap, after the jitter", () =>
    Effect.gen(function* () {
      const options = { base: "1 second", cap: "5 seconds" } as const
      for (const schedule of [Backoff.full(options), Backoff.decorrelated(options)]) {
        const tenth = yield* delays(schedule, 500, 10)
        assert.isAtMost(Math.max(...tenth), 5000)
        assert.isAbove(Math.max(...tenth), 4500)
      }
    })
  )
})

describe("Retry-After", () => {
  const nowMillis = Date.UTC(2026, 10, 20, 12, 0, 0)
  const parse = (header: string | undefined, date?: string) => {
    const wait = parseRetryAfter(header, { date, nowMillis })
    return wait === undefined ? undefined : Duration.toMillis(wait)
  }

  it("in seconds is seconds", () => assert.strictEqual(parse("120"), 120_000))
  it("with space around it is read", () => assert.strictEqual(parse(" 5 "), 5000))
  it("as an HTTP date is the time until then", () => assert.strictEqual(parse("Fri, 20 Nov 2026 12:00:30 GMT"), 30_000))
  it("as a date of the past is zero", () => assert.strictEqual(parse("Fri, 20 Nov 2020 12:00:30 GMT"), 0))
  it("as a date is measured against the answer's own clock", () =>
    assert.strictEqual(parse("Fri, 20 Nov 2026 18:00:30 GMT", "Fri, 20 Nov 2026 18:00:00 GMT"), 30_000))
  it("falls back to our clock when the answer's is garbage", () =>
    assert.strictEqual(parse("Fri, 20 Nov 2026 12:00:30 GMT", "soon"), 30_000))
  it("in the obsolete forms of a date is read", () => {
    assert.strictEqual(parse("Friday, 20-Nov-26 12:00:30 GMT"), 30_000)
  })
  for (const garbage of [undefined, "", "soon", "-5", "1.5", "1e9", "0x10", "NaN", "Fri, 99 Nov 2026 GMT"]) {
    it(`that is ${JSON.stringify(garbage)} is nothing`, () => assert.isUndefined(parse(garbage)))
  }
})

describe("the retry budget", () => {
  const settings = { ratio: 0.2, reserve: 10, refillPerMs: 0.0001, windowMs: 10_000 }
  const takeAll = (budget: RetryBudget, now: number) => {
    let taken = 0
    while (budget.take(now)) taken++
    return taken
  }

  it("has its reserve at first, refilled slowly and never beyond", () => {
    const budget = new RetryBudget(settings)
    assert.deepStrictEqual([takeAll(budget, 0), takeAll(budget, 30_000), takeAll(budget, 1e9)], [10, 3, 10])
  })

  it("earns a fifth of the successes, for as long as its window", () => {
    const budget = new RetryBudget(settings)
    takeAll(budget, 0)
    for (let n = 0; n < 50; n++) budget.deposit(1)
    assert.strictEqual(takeAll(budget, 2), 10)
    for (let n = 0; n < 50; n++) budget.deposit(3)
    assert.strictEqual(takeAll(budget, 12_000), 1)
  })

  it.effect("refuses the retry when it is empty, and says so", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ budget: { ratio: 0, reserve: 1, refillPerSecond: 0 } })
      assert.strictEqual((yield* Effect.flip(dependency.call(failing, read))).attempts, 2)
      const error = yield* Effect.flip(dependency.call(failing, read))
      assert.deepStrictEqual([error.reason, error.attempts], ["RetryBudgetExhausted", 1])
    })
  )

  it.effect("counts successes, not calls", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ budget: { ratio: 0.2, reserve: 0 } })
      yield* Effect.replicateEffect(dependency.call(working, once), 25)
      assert.strictEqual((yield* dependency.snapshot).tokens, 5)
      yield* Effect.replicateEffect(Effect.exit(dependency.call(failing, once)), 25)
      assert.strictEqual((yield* dependency.snapshot).tokens, 5)
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual((yield* dependency.snapshot).tokens, 0)
    })
  )
})
