/** The worker: what it does with what it claims. On the queue in memory, so that the clock is the test's. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Ref } from "effect"
import { TestClock } from "effect/testing"
import { type ClaimedJob, leaseSeconds, Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { runWorker } from "../../src/jobs/Worker.ts"

const queue = "work"
const add = (key: string) => Effect.flatMap(Jobs, (jobs) => jobs.enqueue({ queue, key, payload: {} }))
const work = (handle: (job: ClaimedJob) => Effect.Effect<Settlement>, concurrency = 2) =>
  Effect.forkScoped(runWorker({ queue, concurrency, handle }))
const inMemory = Effect.provide(Jobs.layerMemory)

describe("a worker", () => {
  it.effect("runs what is enqueued while it waits", () =>
    Effect.gen(function* () {
      const ran = yield* Deferred.make<string>()
      yield* work((job) => Effect.as(Deferred.succeed(ran, job.key), Settlement.done))
      yield* TestClock.adjust("1 second")
      yield* add("one")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Deferred.await(ran), "one")
    }).pipe(inMemory)
  )

  it.effect("never runs more at once than it may", () =>
    Effect.gen(function* () {
      const running = yield* Ref.make(0)
      const most = yield* Ref.make(0)
      yield* Effect.forEach(["a", "b", "c", "d", "e"], add)
      yield* work(() =>
        Ref.updateAndGet(running, (n) => n + 1).pipe(
          Effect.tap((n) => Ref.update(most, (before) => Math.max(before, n))),
          Effect.andThen(Effect.sleep("10 seconds")),
          Effect.andThen(Ref.update(running, (n) => n - 1)),
          Effect.as(Settlement.done)
        )
      )
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(yield* Ref.get(most), 2)
      assert.strictEqual((yield* (yield* Jobs).claim(queue, 10)).length, 0)
    }).pipe(inMemory)
  )

  it.effect("gives way while something else comes first, and holds no more than it runs", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      const counts = { running: 0, most: 0 }
      let crowded = true
      yield* Effect.forEach(["a", "b", "c", "d", "e", "f"], add)
      const handle = () =>
        Effect.gen(function* () {
          counts.running++
          counts.most = Math.max(counts.most, counts.running)
          yield* Effect.sleep("10 seconds")
          counts.running--
          return Settlement.done
        })
      const givingWay = { when: () => crowded, concurrency: 1 }
      yield* Effect.forkScoped(runWorker({ queue, concurrency: 3, givingWay, handle }))
      yield* TestClock.adjust("25 seconds")
      assert.strictEqual(counts.most, 1)
      crowded = false
      yield* TestClock.adjust("60 seconds")
      assert.strictEqual(counts.most, 3)
      assert.strictEqual((yield* jobs.claim(queue, 10)).length, 0)
    }).pipe(inMemory)
  )

  it.effect("keeps its lease as long as it works", () =>
    Effect.gen(function* () {
      const runs = yield* Ref.make(0)
      yield* add("long")
      yield* work(() =>
        Effect.andThen(
          Ref.update(runs, (n) => n + 1),
          Effect.as(Effect.sleep(`${leaseSeconds * 4} seconds`), Settlement.done)
        )
      )
      yield* TestClock.adjust(`${leaseSeconds * 6} seconds`)
      assert.strictEqual(yield* Ref.get(runs), 1)
    }).pipe(inMemory)
  )

  it.effect("gives back at once, uncounted, what it has not finished when it stops", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      const started = yield* Deferred.make<void>()
      yield* add("unfinished")
      const worker = yield* work(() => Effect.andThen(Deferred.succeed(started, undefined), Effect.never))
      yield* TestClock.adjust("1 second")
      yield* Deferred.await(started)
      yield* Fiber.interrupt(worker)
      assert.deepInclude((yield* jobs.claim(queue, 1))[0], { key: "unfinished", attempts: 1 })
    }).pipe(inMemory)
  )

  it.effect("gives back what a claim took while it was told to stop", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      const claiming = yield* Deferred.make<void>()
      const slow: Jobs["Service"] = {
        ...jobs,
        claim: (name, limit) =>
          Effect.tap(jobs.claim(name, limit), (claimed) =>
            claimed.length === 0
              ? Effect.void
              : Effect.andThen(Deferred.succeed(claiming, undefined), Effect.sleep("1 second"))
          )
      }
      yield* add("taken")
      const worker = yield* work(() => Effect.never).pipe(Effect.provideService(Jobs, slow))
      yield* TestClock.adjust("100 millis")
      yield* Deferred.await(claiming)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(worker))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(stopping)
      assert.deepInclude((yield* jobs.claim(queue, 1))[0], { key: "taken", attempts: 1 })
    }).pipe(inMemory)
  )

  it.effect("tries a job that dies a few times, then calls it dead", () =>
    Effect.gen(function* () {
      const runs = yield* Ref.make(0)
      yield* add("buggy")
      yield* work(() =>
        Effect.andThen(
          Ref.update(runs, (n) => n + 1),
          Effect.die(new Error("a bug"))
        )
      )
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* Ref.get(runs), 5)
    }).pipe(inMemory)
  )

  it.effect("goes on with the others while one waits to be retried", () =>
    Effect.gen(function* () {
      const done = yield* Ref.make<ReadonlyArray<string>>([])
      yield* Effect.forEach(["stuck", "fine", "fine too"], add)
      yield* work((job) =>
        job.key === "stuck"
          ? Effect.succeed(Settlement.retry(60_000, { code: "Down", category: "transient" }))
          : Effect.as(
              Ref.update(done, (all) => [...all, job.key]),
              Settlement.done
            )
      )
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* Ref.get(done), ["fine", "fine too"])
    }).pipe(inMemory)
  )

  it.effect("runs a job that crashed before with nothing beside it, and then the others", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      yield* add("crashed")
      yield* jobs.claim(queue, 1)
      yield* TestClock.adjust(`${leaseSeconds + 1} seconds`)
      yield* jobs.sweep
      yield* Effect.forEach(["a", "b", "c"], add)
      const active = new Set<string>()
      const beside: Array<string> = []
      const ran: Array<string> = []
      yield* work((job) =>
        Effect.gen(function* () {
          active.add(job.key)
          if (active.has("crashed") && active.size > 1) beside.push(...active)
          yield* Effect.sleep("5 seconds")
          active.delete(job.key)
          ran.push(job.key)
          return Settlement.done
        })
      )
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual([ran.toSorted(), beside], [["a", "b", "c", "crashed"], []])
    }).pipe(inMemory)
  )

  it.effect("goes on at once while there is more than it can hold", () =>
    Effect.gen(function* () {
      let done = 0
      const allDone = yield* Deferred.make<void>()
      yield* Effect.forEach(
        Array.from({ length: 40 }, (_, n) => `job-${n}`),
        add
      )
      yield* work(() => Effect.as(++done === 40 ? Deferred.succeed(allDone, undefined) : Effect.void, Settlement.done))
      // The clock stands still: no poll comes.
      yield* Deferred.await(allDone)
    }).pipe(inMemory)
  )
})
