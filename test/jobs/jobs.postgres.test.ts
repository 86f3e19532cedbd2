/** The queue's contract on real PostgreSQL, and what only a transaction can show. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Database } from "../../src/database/Database.ts"
import { Settlement, soloCrashes } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { TestDatabase } from "../database/testDatabase.ts"
import { jobsContract } from "./contract.ts"

jobsContract("in PostgreSQL", Jobs.layer.pipe(Layer.provide(TestDatabase.layer)))

layer(Layer.provideMerge(Jobs.layer, TestDatabase.layer), { excludeTestServices: true })(
  "the queue and transactions",
  (it) => {
    it.effect("a job whose transaction is rolled back never existed", () =>
      Effect.gen(function* () {
        const [jobs, database] = [yield* Jobs, yield* Database]
        yield* Effect.flip(
          database.transaction("test", () =>
            Effect.andThen(jobs.enqueue({ queue: "rolled-back", key: "one", payload: {} }), Effect.fail("no" as const))
          )
        )
        assert.deepStrictEqual(yield* jobs.claim("rolled-back", 10), [])
      })
    )

    it.effect("what is done settles together with what comes back in a fraction of a second", () =>
      Effect.gen(function* () {
        const jobs = yield* Jobs
        yield* jobs.enqueue({ queue: "fraction", key: "one", payload: {} })
        yield* jobs.enqueue({ queue: "fraction", key: "two", payload: {} })
        const [one, two] = yield* jobs.claim("fraction", 2)
        const held = yield* jobs.settleAll([
          [one!, Settlement.done],
          [two!, Settlement.later(5_501)]
        ])
        assert.strictEqual(held.size, 2)
      })
    )

    it.effect("a lease that ended in the database's time is swept, and its holder is fenced", () =>
      Effect.gen(function* () {
        const [jobs, database] = [yield* Jobs, yield* Database]
        yield* jobs.enqueue({ queue: "ended", key: "one", payload: {} })
        const [job] = yield* jobs.claim("ended", 1)
        yield* database.query(
          "test",
          (sql) => sql`update jobs set lease_until = now() - interval '1 second' where queue = 'ended'`
        )
        assert.strictEqual(yield* jobs.sweep, 1)
        assert.isFalse(yield* jobs.settle(job!, Settlement.done))
        const [again] = yield* jobs.claimAlone("ended")
        assert.strictEqual(again?.attempts, 2)
      })
    )

    it.effect("a failure is kept with its first and last time", () =>
      Effect.gen(function* () {
        const [jobs, database] = [yield* Jobs, yield* Database]
        yield* jobs.enqueue({ queue: "history", key: "one", payload: {} })
        const failing = (code: string) =>
          Effect.flatMap(jobs.claim("history", 1), ([job]) =>
            jobs.settle(job!, Settlement.retry(0, { code, category: "transient" }))
          )
        yield* failing("First")
        yield* failing("Second")
        const [row] = yield* database.query(
          "test",
          (sql) => sql`select last_error, first_failed_at < last_failed_at as apart from jobs where queue = 'history'`
        )
        assert.deepStrictEqual(row, { last_error: { code: "Second", category: "transient" }, apart: true })
      })
    )

    it.effect("a job that crashes alone five times is dead, with a history that says so", () =>
      Effect.gen(function* () {
        const [jobs, database] = [yield* Jobs, yield* Database]
        const crash = Effect.andThen(
          database.query(
            "test",
            (sql) => sql`update jobs set lease_until = now() - interval '1 second' where queue = 'poison'`
          ),
          jobs.sweep
        )
        yield* jobs.enqueue({ queue: "poison", key: "one", payload: {}, slot: { key: "one", max: 1 } })
        yield* jobs.claim("poison", 1)
        yield* crash
        for (let crashes = 0; crashes < soloCrashes; crashes++) {
          assert.strictEqual((yield* jobs.claimAlone("poison")).length, 1, `run ${crashes}`)
          yield* crash
        }
        assert.isFalse(yield* jobs.hasAlone("poison"))
        const [row] = yield* database.query(
          "test",
          (sql) => sql`
            select state, last_error, jsonb_array_length(history) as failures,
              (select running from job_slots where queue = 'poison') as running
            from jobs where queue = 'poison'`
        )
        const last_error = { code: "Crashed", category: "permanent" }
        assert.deepStrictEqual(row, { state: "dead", last_error, failures: soloCrashes + 1, running: 0 })
      })
    )
  }
)
