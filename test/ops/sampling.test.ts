/** What is asked of the database on a schedule: told from memory, with its age. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { LastGoodCatalogue } from "../../src/catalog/LastGoodCatalogue.ts"
import { Database } from "../../src/database/Database.ts"
import { Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { sampling } from "../../src/ops/sampling.ts"
import { scrape } from "../../src/telemetry/scrape.ts"
import { TestDatabase } from "../database/testDatabase.ts"
import { readExposition } from "../telemetry/exposition.ts"
import { eventually } from "../eventually.ts"

const shop = Jobs.layer.pipe(
  Layer.provideMerge(Layer.succeed(LastGoodCatalogue, { within: () => Effect.succeed(Option.none()) })),
  Layer.provideMerge(TestDatabase.layer)
)
const read = Effect.map(scrape, (text) => {
  const { families, wrong } = readExposition(text)
  assert.deepStrictEqual(wrong, [])
  return families
})
/** Of a node that has just started: its first look is done when each figure is younger than the node. */
const looked = Effect.gen(function* () {
  const families = yield* read
  const of = (name: string, labels: Readonly<Record<string, string>>) =>
    families
      .get(name)
      ?.samples.find((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      ?.value
  return { families, of }
})

layer(shop, { excludeTestServices: true })("what only the database knows", (it) => {
  it.effect("is told by queue, state, code and operation, and how old it is", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      yield* jobs.enqueue({ queue: "sampled", key: "waits", payload: {} })
      yield* jobs.enqueue({ queue: "doomed", key: "dies", payload: {} })
      const claimed = yield* jobs.claim("doomed", 1)
      const gone = { code: "Gone", category: "permanent" } as const
      yield* jobs.settleAll(claimed.map((job) => [job, Settlement.dead(gone)]))
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* Layer.build(sampling)
          const { of } = yield* eventually(
            looked,
            (seen) => seen.of("holdfast_dead_letters", { queue: "doomed", code: "Gone" }) === 1
          )
          assert.strictEqual(of("holdfast_queue_jobs", { queue: "sampled", state: "ready" }), 1)
          assert.strictEqual(of("holdfast_queue_jobs", { queue: "doomed", state: "dead" }), 1)
          assert.isAtLeast(of("holdfast_queue_oldest_seconds", { queue: "sampled" }) ?? -1, 0)
          assert.isBelow(of("holdfast_sample_age_seconds", { metric: "holdfast_dead_letters" }) ?? 99, 15)
        })
      )
      assert.isFalse((yield* looked).families.has("holdfast_queue_jobs"))
    })
  )

  it.effect("shows the pool and how its calls ended", () =>
    Effect.gen(function* () {
      yield* (yield* Database).query("test.one", (sql) => sql`select 1`)
      const { of } = yield* looked
      assert.isAbove(of("holdfast_database_pool_size", {}) ?? 0, 0)
      assert.isAbove(of("holdfast_database_calls_total", { outcome: "success" }) ?? 0, 0)
      assert.strictEqual(of("holdfast_database_collisions_total", { kind: "deadlock" }), 0)
    })
  )
})
