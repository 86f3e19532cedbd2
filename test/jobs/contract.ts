/** What every queue promises: run on the map and on real PostgreSQL alike. Each test has a queue of its own. */
import { assert, layer } from "@effect/vitest"
import { Array, Effect, type Layer, Tracer } from "effect"
import { AskedBy } from "../../src/telemetry/AskedBy.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { type NewJob, Settlement } from "../../src/jobs/Job.ts"

export const jobsContract = <E>(name: string, jobsLayer: Layer.Layer<Jobs, E>) => {
  let queues = 0
  const queueOf = Effect.map(Jobs, (jobs) => {
    const queue = `queue-${++queues}`
    return {
      jobs,
      queue,
      add: (key: string, more: Omit<Partial<NewJob>, "queue" | "key"> = {}) =>
        jobs.enqueue({ queue, key, payload: { key }, ...more }),
      claim: (limit = 10) => jobs.claim(queue, limit),
      keys: (limit = 10) => Effect.map(jobs.claim(queue, limit), (claimed) => claimed.map((job) => job.key))
    }
  })
  const failure = { code: "SomethingFailed", category: "transient" } as const

  layer(jobsLayer, { excludeTestServices: true })(`the queue, ${name}`, (it) => {
    it.effect("a job is claimed once, with its payload, and not again while it is held", () =>
      Effect.gen(function* () {
        const { add, claim, queue } = yield* queueOf
        yield* add("one")
        const [job] = yield* claim()
        assert.deepInclude(job, { queue, key: "one", payload: { key: "one" }, attempts: 1 })
        assert.deepStrictEqual(yield* claim(), [])
      })
    )

    it.effect("a job goes on with the trace of the request that made it, and says what woke it last", () =>
      Effect.gen(function* () {
        const { add, claim, jobs, queue } = yield* queueOf
        const from = (digit: string) =>
          Tracer.externalSpan({ traceId: digit.repeat(32), spanId: digit.repeat(16), sampled: true })
        const written = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`
        yield* add("one").pipe(Effect.withParentSpan(from("a")), Effect.provideService(AskedBy, "req_1"))
        yield* jobs.wake(queue, "one").pipe(Effect.withParentSpan(from("b")))
        yield* add("two", { traceparent: written("c") }).pipe(Effect.withParentSpan(from("d")))
        yield* add("three")
        const claimed = yield* claim()
        const known = claimed.map(({ causedBy, requestId, traceparent }) => [traceparent, causedBy, requestId])
        assert.sameDeepMembers(known, [
          [written("a"), written("b"), "req_1"],
          [written("c"), written("d"), undefined],
          [undefined, undefined, undefined]
        ])
      }).pipe(Effect.withTracerEnabled(false))
    )

    it.effect("parallel claims never share a job", () =>
      Effect.gen(function* () {
        const { add, keys } = yield* queueOf
        yield* Effect.forEach(Array.range(1, 20), (n) => add(`job-${n}`), { discard: true })
        const claims = yield* Effect.all(
          Array.makeBy(8, () => keys(5)),
          { concurrency: "unbounded" }
        )
        const all = claims.flat()
        assert.strictEqual(new Set(all).size, all.length)
        assert.strictEqual(all.length + (yield* keys(20)).length, 20)
      })
    )

    it.effect("the oldest due comes first, and a lower priority lets 30 s of others pass", () =>
      Effect.gen(function* () {
        const { add, keys } = yield* queueOf
        yield* add("later", { priority: 1 })
        yield* add("first")
        yield* add("second")
        assert.deepStrictEqual((yield* keys()).toSorted(), ["first", "later", "second"])
        yield* add("patient", { priority: 2 })
        yield* add("urgent")
        assert.deepStrictEqual(yield* keys(1), ["urgent"])
      })
    )

    it.effect("a delayed job is not due yet", () =>
      Effect.gen(function* () {
        const { add, claim } = yield* queueOf
        yield* add("tomorrow", { delaySeconds: 86_400 })
        assert.deepStrictEqual(yield* claim(), [])
      })
    )

    it.effect("a finished job does not come back", () =>
      Effect.gen(function* () {
        const { add, claim, jobs } = yield* queueOf
        yield* add("done")
        const [job] = yield* claim()
        assert.isTrue(yield* jobs.settle(job!, Settlement.done))
        assert.deepStrictEqual(yield* claim(), [])
      })
    )

    it.effect("a job that is retried comes back with its attempt counted, one that is only postponed without", () =>
      Effect.gen(function* () {
        const { add, claim, jobs } = yield* queueOf
        yield* add("again")
        const [first] = yield* claim()
        yield* jobs.settle(first!, Settlement.retry(0, failure))
        const [second] = yield* claim()
        assert.strictEqual(second?.attempts, 2)
        yield* jobs.settle(second!, Settlement.later(0))
        assert.strictEqual((yield* claim())[0]?.attempts, 2)
      })
    )

    it.effect("a dead job stays dead, also when it is woken", () =>
      Effect.gen(function* () {
        const { add, claim, jobs, queue } = yield* queueOf
        yield* add("dead")
        const [job] = yield* claim()
        yield* jobs.settle(job!, Settlement.dead(failure))
        yield* jobs.wake(queue, "dead")
        assert.deepStrictEqual(yield* claim(), [])
      })
    )

    it.effect("a dead job that is enqueued again stays dead, and its queue counts it", () =>
      Effect.gen(function* () {
        const { add, claim, jobs, queue } = yield* queueOf
        yield* add("dead")
        yield* jobs.settle((yield* claim())[0]!, Settlement.dead(failure))
        yield* add("dead")
        assert.deepStrictEqual(yield* claim(), [])
        assert.deepInclude(
          (yield* jobs.queues).find((each) => each.queue === queue),
          { ready: 0, dead: 1 }
        )
      })
    )

    it.effect(
      "many that are done settle at once; a woken one runs once more, those whose lease was lost are left alone",
      () =>
        Effect.gen(function* () {
          const { add, claim, jobs, queue } = yield* queueOf
          for (const key of ["done", "lost", "woken"]) yield* add(key)
          const [done, lost, woken] = yield* claim()
          yield* jobs.wake(queue, "woken")
          yield* jobs.settle(lost!, Settlement.later(0))
          const held = yield* jobs.settleAll([lost!, woken!, done!].map((job) => [job, Settlement.done]))
          assert.deepStrictEqual([...held].sort(), [done!.id, woken!.id].sort())
          const next = yield* claim()
          assert.deepStrictEqual(next.map(({ key }) => key).toSorted(), ["lost", "woken"])
          yield* jobs.settleAll(next.map((job) => [job, Settlement.done]))
          assert.deepStrictEqual(yield* claim(), [])
        })
    )

    it.effect("enqueuing a key that is there wakes it instead of adding a second", () =>
      Effect.gen(function* () {
        const { add, keys } = yield* queueOf
        yield* add("same", { delaySeconds: 3600 })
        yield* add("same")
        assert.deepStrictEqual(yield* keys(), ["same"])
      })
    )

    it.effect("a wake that arrives while the job runs makes it run once more", () =>
      Effect.gen(function* () {
        const { add, claim, jobs, queue } = yield* queueOf
        yield* add("woken")
        const [job] = yield* claim()
        yield* jobs.wake(queue, "woken")
        yield* jobs.settle(job!, Settlement.done)
        const [again] = yield* claim()
        assert.strictEqual(again?.key, "woken")
        yield* jobs.settle(again!, Settlement.done)
        assert.deepStrictEqual(yield* claim(), [])
      })
    )

    it.effect("a finished job that is woken runs again", () =>
      Effect.gen(function* () {
        const { add, claim, jobs, keys, queue } = yield* queueOf
        yield* add("revived")
        yield* jobs.settle((yield* claim())[0]!, Settlement.done)
        yield* jobs.wake(queue, "revived")
        assert.deepStrictEqual(yield* keys(), ["revived"])
      })
    )

    it.effect("whoever has lost the lease can neither settle nor renew", () =>
      Effect.gen(function* () {
        const { add, claim, jobs } = yield* queueOf
        yield* add("fenced")
        const [stale] = yield* claim()
        yield* jobs.settle(stale!, Settlement.later(0))
        const [held] = yield* claim()
        assert.notStrictEqual(held?.lease, stale?.lease)
        assert.isFalse(yield* jobs.settle(stale!, Settlement.done))
        assert.deepStrictEqual([...(yield* jobs.renew([stale!]))], [])
        assert.deepStrictEqual([...(yield* jobs.renew([held!]))], [held!.id])
        assert.isTrue(yield* jobs.settle(held!, Settlement.done))
      })
    )

    it.effect("a lease that is held is not swept", () =>
      Effect.gen(function* () {
        const { add, claim, jobs } = yield* queueOf
        yield* add("held")
        const [job] = yield* claim()
        yield* jobs.sweep
        assert.isTrue(yield* jobs.settle(job!, Settlement.done))
      })
    )

    it.effect("a finished job that is enqueued again runs again, its attempts counted anew", () =>
      Effect.gen(function* () {
        const { add, claim, jobs } = yield* queueOf
        yield* add("again")
        yield* jobs.settle((yield* claim())[0]!, Settlement.done)
        yield* add("again")
        assert.deepInclude((yield* claim())[0], { key: "again", attempts: 1 })
      })
    )

    it.effect("many are settled at once, each in its way; those whose lease was lost are left alone", () =>
      Effect.gen(function* () {
        const { add, claim, jobs } = yield* queueOf
        for (const key of ["done", "again", "dead", "lost"]) yield* add(key)
        const claimed = yield* claim()
        const [done, again, dead, lost] = claimed
        yield* jobs.settle(lost!, Settlement.later(0))
        const held = yield* jobs.settleAll([
          [dead!, Settlement.dead(failure)],
          [lost!, Settlement.done],
          [again!, Settlement.retry(0, failure)],
          [done!, Settlement.done]
        ])
        assert.deepStrictEqual([...held].sort(), [done!.id, again!.id, dead!.id].sort())
        assert.deepStrictEqual((yield* claim()).map((job) => [job.key, job.attempts]).toSorted(), [
          ["again", 2],
          ["lost", 1]
        ])
      })
    )

    it.effect("jobs of one key never run more at once than they may, whoever claims", () =>
      Effect.gen(function* () {
        const { add, jobs, keys, claim } = yield* queueOf
        const slot = { key: "provider", max: 2 }
        yield* Effect.forEach(Array.range(1, 6), (n) => add(`job-${n}`, { slot }), { discard: true })
        yield* add("free")
        const claims = yield* Effect.all(
          Array.makeBy(6, () => claim(7)),
          { concurrency: "unbounded" }
        )
        const first = [...claims.flat(), ...(yield* claim(7))]
        assert.strictEqual(first.filter((job) => job.slotted).length, 2)
        assert.isTrue(first.some((job) => job.key === "free"))
        yield* jobs.settle(
          first.find((job) => job.slotted)!,
          Settlement.done
        )
        yield* jobs.sweep
        assert.strictEqual((yield* keys()).length, 1)
        assert.deepStrictEqual(yield* keys(), [])
      })
    )

    it.effect("a full key does not hold up the others", () =>
      Effect.gen(function* () {
        const { add, keys } = yield* queueOf
        yield* Effect.forEach(Array.range(1, 5), (n) => add(`one-${n}`, { slot: { key: "one", max: 1 } }))
        yield* add("other")
        const seen = [...(yield* keys(3)), ...(yield* keys(3)), ...(yield* keys(3))]
        assert.deepStrictEqual(seen, ["one-1", "other"])
      })
    )

    it.effect("nothing of a paused queue is claimed, and all of it after it is resumed", () =>
      Effect.gen(function* () {
        const { add, jobs, keys, queue } = yield* queueOf
        yield* add("waits")
        yield* jobs.pause(queue, { actor: "ada", reason: "the provider asked us to" })
        assert.deepStrictEqual(yield* keys(), [])
        const status = (yield* jobs.queues).find((each) => each.queue === queue)
        assert.deepInclude(status, { ready: 1, running: 0, dead: 0 })
        assert.deepInclude(status?.paused, { actor: "ada", reason: "the provider asked us to" })
        yield* jobs.resume(queue, { actor: "ada", reason: "it is over" })
        assert.deepStrictEqual(yield* keys(), ["waits"])
        assert.isUndefined((yield* jobs.queues).find((each) => each.queue === queue)?.paused)
      })
    )
  })
}
