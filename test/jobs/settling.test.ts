/** Settlements in batches: what a worker does when writing them is slow, fails, or dies. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/database/errors.ts"
import { leaseSeconds, Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { runWorker } from "../../src/jobs/Worker.ts"

const queue = "work"
const add = (...keys: ReadonlyArray<string>) =>
  Effect.flatMap(Jobs, (jobs) => Effect.forEach(keys, (key) => jobs.enqueue({ queue, key, payload: {} })))
const inMemory = Effect.provide(Jobs.layerMemory)
const down = new DatabaseUnavailable({ reason: "no_answer", outcome: "unknown", retryAfterSeconds: 1 })

type SettleAll = Jobs["Service"]["settleAll"]
/** The queue in memory, its settlements changed; what a worker runs with it, one at a time, is put into `ran`. */
const working = (settleAll: (real: SettleAll) => SettleAll, ran: Array<string>, concurrency = 1, prefetch = 0) =>
  runWorker({
    queue,
    concurrency,
    prefetch,
    handle: (job) => Effect.sync(() => (ran.push(job.key), Settlement.done))
  }).pipe(
    Effect.provide(
      Layer.effect(
        Jobs,
        Effect.map(Jobs, (jobs) => ({ ...jobs, settleAll: settleAll(jobs.settleAll) }))
      )
    ),
    Effect.forkScoped
  )

describe("a settlement", () => {
  it.effect("that fails is tried again before its lease ends", () =>
    Effect.gen(function* () {
      const ran: Array<string> = []
      let failures = 2
      yield* add("one", "two")
      yield* working((real) => (batch) => (failures-- > 0 ? Effect.fail(down) : real(batch)), ran)
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(ran, ["one", "two"])
      assert.strictEqual(yield* (yield* Jobs).sweep, 0)
    }).pipe(inMemory)
  )

  it.effect(
    "that cannot be written, or dies, keeps nobody: the next job runs, and this one again when its lease ends",
    () =>
      Effect.gen(function* () {
        for (const broken of [Effect.fail(down), Effect.die(new Error("a bug"))]) {
          const ran: Array<string> = []
          let broke = false
          yield* add("one", "two")
          const worker = yield* working(
            (real) => (batch) =>
              broke ? real(batch) : batch[0]?.[0].key === "two" ? ((broke = true), broken) : broken,
            ran
          )
          yield* TestClock.adjust("5 seconds")
          assert.deepStrictEqual(ran, ["one", "two"])
          yield* TestClock.adjust(`${leaseSeconds + 2} seconds`)
          assert.deepStrictEqual(ran.toSorted(), ["one", "one", "two", "two"])
          yield* Fiber.interrupt(worker)
        }
      }).pipe(inMemory)
  )

  it.effect("is written also when the worker stops while another is", () =>
    Effect.gen(function* () {
      const ran: Array<string> = []
      const writing = yield* Deferred.make<void>()
      yield* add("one", "two", "three")
      const worker = yield* working(
        (real) => (batch) =>
          Deferred.succeed(writing, undefined).pipe(
            Effect.andThen(Effect.sleep("1 second")),
            Effect.andThen(real(batch))
          ),
        ran,
        1,
        2
      )
      yield* TestClock.adjust("100 millis")
      yield* Deferred.await(writing)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(worker))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(stopping)
      const left = (yield* (yield* Jobs).claim(queue, 10)).map(({ key }) => key)
      assert.deepStrictEqual([...ran, ...left].toSorted(), ["one", "three", "two"])
    }).pipe(inMemory)
  )

  it.effect("does not hold up the next claim, and no more is held than a worker may", () =>
    Effect.gen(function* () {
      const ran: Array<string> = []
      yield* add(...Array.from({ length: 20 }, (_, n) => `job-${n}`))
      yield* working((real) => (batch) => Effect.andThen(Effect.sleep("10 seconds"), real(batch)), ran, 2, 6)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(ran.length, 8)
      yield* TestClock.adjust("11 seconds")
      assert.isAbove(ran.length, 8)
      assert.isAtMost(ran.length, 16)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(new Set(ran).size, 20)
    }).pipe(inMemory)
  )
})
