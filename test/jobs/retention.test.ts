/** Retention on real PostgreSQL: what is over and old goes, and is counted; everything else stays. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Database } from "../../src/database/Database.ts"
import { Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { removeOld } from "../../src/jobs/Retention.ts"
import { TestDatabase } from "../database/testDatabase.ts"

const none = { jobs: 0, replays: 0, webhook_events: 0, deferred: 0, log_in_attempts: 0, log_in_places: 0 }

layer(Layer.provideMerge(Jobs.layer, TestDatabase.layer))("retention", (it) => {
  const column = (name: string, table: string) =>
    Effect.flatMap(Database, (database) =>
      Effect.map(
        database.query(
          "test",
          (sql) => sql<{ name: string }>`select ${sql(name)} as name from ${sql(table)} order by 1`
        ),
        (rows) => rows.map(({ name }) => name)
      )
    )

  it.effect("takes jobs that were done a month ago, and never a dead one", () =>
    Effect.gen(function* () {
      const [jobs, database] = [yield* Jobs, yield* Database]
      for (const key of ["dead", "old", "young"]) yield* jobs.enqueue({ queue: "retained", key, payload: {} })
      const dead = Settlement.dead({ code: "ProviderGone", category: "permanent" })
      const claimed = yield* jobs.claim("retained", 3)
      yield* jobs.settleAll(claimed.map((job) => [job, job.key === "dead" ? dead : Settlement.done]))
      yield* database.query(
        "test",
        (sql) => sql`update jobs set finished_at = now() - interval '31 days' where key in ('dead', 'old')`
      )
      assert.deepStrictEqual(yield* removeOld, { ...none, jobs: 1 })
      assert.deepStrictEqual(yield* column("key", "jobs"), ["dead", "young"])
    })
  )

  it.effect("takes events that were over a month ago, and never one that no order was found for", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* database.query(
        "test",
        (sql) => sql`
          insert into webhook_events (provider, event_id, type, state, settled_at)
          select 'p', state || days, 't', state, case when state <> 'received' then now() - make_interval(days => days) end
          from unnest(array['ignored', 'unmatched', 'received']) as state, unnest(array[29, 31]) as days`
      )
      assert.deepStrictEqual(yield* removeOld, { ...none, webhook_events: 1 })
      const left = ["ignored29", "received29", "received31", "unmatched29", "unmatched31"]
      assert.deepStrictEqual(yield* column("event_id", "webhook_events"), left)
    })
  )

  it.effect("takes failed log ins after an hour, and where somebody logged in after three months", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* database.query(
        "test",
        (sql) => sql`
          with attempts as (
            insert into log_in_attempts (subject, state, changed_at)
            select 'minutes' || minutes, '{}', now() - make_interval(mins => minutes) from unnest(array[59, 61]) as minutes)
          insert into log_in_places (account, place, seen_at)
          select 'a', 'days' || days, now() - make_interval(days => days) from unnest(array[31, 89, 91]) as days`
      )
      assert.deepStrictEqual(yield* removeOld, { ...none, log_in_attempts: 1, log_in_places: 1 })
      assert.deepStrictEqual(yield* column("subject", "log_in_attempts"), ["minutes59"])
      assert.deepStrictEqual(yield* column("place", "log_in_places"), ["days31", "days89"])
    })
  )
})
