/** Deferred orders on real PostgreSQL keep the contract; and what only its queue and its rows can show. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Option } from "effect"
import { Database } from "../../../src/database/Database.ts"
import { removeOld } from "../../../src/jobs/Retention.ts"
import { Settlement } from "../../../src/jobs/Job.ts"
import { Jobs } from "../../../src/jobs/Jobs.ts"
import { DeadLetters } from "../../../src/jobs/DeadLetters.ts"
import { Appliers, type Decision } from "../../../src/jobs/spool/Deferred.ts"
import { DeferredWrites } from "../../../src/jobs/spool/DeferredWrites.ts"
import { deferredWorker } from "../../../src/jobs/spool/runDeferred.ts"
import { TestDatabase } from "../../database/testDatabase.ts"
import { entry } from "../../jobs/spool/entries.ts"
import { eventually } from "../../eventually.ts"
import { deferredOrdersContract } from "./contract.ts"
import { deferringInPostgres } from "./shop.ts"

deferredOrdersContract("in PostgreSQL", deferringInPostgres)

/** What was applied, in order; the one named poison never is. */
const applied: Array<string> = []
const decision = (id: string): Decision => ({ _tag: "Applied", resource: `/v1/orders/${id}` })
const appliers = Layer.succeed(Appliers, {
  order: ({ id }) =>
    id === "dfr_poison"
      ? Effect.die(new Error("a bug"))
      : Effect.sync(() => {
          applied.push(id)
          return decision(id)
        }),
  sign_up: ({ id }) => Effect.succeed(decision(id))
})
const unworked = Layer.merge(DeadLetters.layer, DeferredWrites.layer).pipe(
  Layer.provideMerge(Jobs.layer),
  Layer.provideMerge(TestDatabase.layer)
)
const worked = deferredWorker.pipe(
  Layer.provideMerge(appliers),
  Layer.provideMerge(DeferredWrites.layer),
  Layer.provideMerge(Jobs.layer),
  Layer.provideMerge(TestDatabase.layer)
)

const untilDecided = (id: string) =>
  Effect.flatMap(DeferredWrites, (writes) =>
    eventually(Effect.map(writes.find(id), Option.getOrUndefined), (found) => found?.outcome !== undefined, {
      within: "10 seconds"
    })
  )

layer(worked, { excludeTestServices: true })("deferred writes and their queue", (it) => {
  it.effect("one account's are applied in their order, past one that cannot be", () =>
    Effect.gen(function* () {
      const [writes, database] = [yield* DeferredWrites, yield* Database]
      const ids = ["dfr_1", "dfr_poison", "dfr_2", "dfr_3", "dfr_4"]
      const at = yield* DateTime.now
      for (const id of ids) yield* writes.take(entry(id, { account: "usr_one", acceptedAt: at }))
      yield* Effect.forEach(["dfr_1", "dfr_2", "dfr_3", "dfr_4"], untilDecided, { concurrency: "unbounded" })
      assert.deepStrictEqual(applied, ["dfr_1", "dfr_2", "dfr_3", "dfr_4"])
      const rows = yield* database.query(
        "test",
        (sql) => sql<{ id: string; asked: boolean }>`
          select id, payload is not null as asked from deferred where account = 'usr_one' order by id`
      )
      assert.deepStrictEqual(
        rows.map(({ asked, id }) => [id, asked]),
        ids.toSorted().map((id) => [id, id === "dfr_poison"])
      )
      const [job] = yield* database.query(
        "test",
        (sql) => sql<{ code: string }>`
          select coalesce(last_error ->> 'code', '') as code from jobs where queue = 'deferred' and key = 'dfr_poison'`
      )
      assert.isNotEmpty(job?.code)
    })
  )

  it.effect("what was decided a month ago goes, what waits never does", () =>
    Effect.gen(function* () {
      const [writes, database] = [yield* DeferredWrites, yield* Database]
      for (const id of ["dfr_old", "dfr_recent", "dfr_poison"])
        yield* writes.take(entry(id, { account: `usr_of_${id}` }))
      yield* Effect.forEach(["dfr_old", "dfr_recent"], untilDecided)
      yield* database.query(
        "test",
        (sql) => sql`
          update deferred set accepted_at = now() - interval '40 days',
            decided_at = case when decided_at is null then null else now() - interval '31 days' end
          where id in ('dfr_old', 'dfr_poison')`
      )
      assert.deepInclude(yield* removeOld, { deferred: 1 })
      assert.isTrue(Option.isNone(yield* writes.find("dfr_old")))
      for (const id of ["dfr_recent", "dfr_poison"]) assert.isTrue(Option.isSome(yield* writes.find(id)))
    })
  )

  it.effect("what an applier wrote is gone when it dies", () =>
    Effect.gen(function* () {
      const [writes, database] = [yield* DeferredWrites, yield* Database]
      yield* writes.take(entry("dfr_rolled_back", { kind: "sign_up", account: "" }))
      yield* untilDecided("dfr_rolled_back")
      yield* database.query("test", (sql) => sql`create table written (id text)`)
      yield* writes.take(entry("dfr_poison", { account: "usr_two" }))
      const dies = writes.decide("dfr_poison", () =>
        Effect.andThen(
          Effect.orDie(database.query("test", (sql) => sql`insert into written values ('half')`)),
          Effect.die(new Error("half way"))
        )
      )
      assert.isTrue((yield* Effect.exit(dies))._tag === "Failure")
      assert.deepStrictEqual(yield* database.query("test", (sql) => sql`select * from written`), [])
    })
  )
})

layer(unworked, { excludeTestServices: true })("a deferred write that an operator gives up", (it) => {
  it.effect("has failed, and is decided when it is handed in again", () =>
    Effect.gen(function* () {
      const [writes, jobs, letters] = [yield* DeferredWrites, yield* Jobs, yield* DeadLetters]
      const [given, other] = [entry("dfr_given_up"), entry("dfr_other")]
      const outcome = (id: string) =>
        Effect.map(writes.find(id), (found) => Option.getOrUndefined(found)?.outcome?._tag ?? "waits")
      for (const one of [given, other]) yield* writes.take(one)
      const claimed = yield* jobs.claim("deferred", 9)
      yield* jobs.settleAll(claimed.map((job) => [job, Settlement.dead({ code: "Bug", category: "fatal" })]))
      const page = yield* letters.list({}, { limit: 9, after: undefined })
      const letter = page.letters.find(({ key }) => key === given.id)
      yield* letters.discard({ ids: [letter?.id ?? ""] }, { actor: "ada", reason: "nobody wants it" })
      assert.deepStrictEqual([yield* outcome(given.id), yield* outcome(other.id)], ["Failed", "waits"])
      assert.deepStrictEqual(Option.getOrUndefined(yield* writes.find(given.id))?.outcome, {
        _tag: "Failed",
        problem: { _tag: "DeferredDiscarded" }
      })

      yield* writes.take(given)
      assert.deepStrictEqual(yield* jobs.claim("deferred", 9), [])
      yield* writes.take({ ...given, acceptedAt: DateTime.addDuration(given.acceptedAt, "1 minute") })
      assert.deepStrictEqual(
        (yield* jobs.claim("deferred", 9)).map(({ attempts, key }) => [key, attempts]),
        [[given.id, 1]]
      )
      assert.strictEqual(yield* outcome(given.id), "waits")
    })
  )
})
