/** Dead letters on real PostgreSQL: found, grouped, previewed, replayed once, discarded. */
import { assert, layer } from "@effect/vitest"
import { Array, DateTime, Effect, Layer } from "effect"
import { Database } from "../../src/database/Database.ts"
import type { LetterFilter } from "../../src/jobs/DeadLetter.ts"
import { DeadLetters } from "../../src/jobs/DeadLetters.ts"
import { type ClaimedJob, Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { replayQueue, runReplay } from "../../src/jobs/replays.ts"
import { ReplaySafety } from "../../src/jobs/ReplaySafety.ts"
import { runWorker } from "../../src/jobs/Worker.ts"
import { TestDatabase } from "../database/testDatabase.ts"

const by = { actor: "ada", reason: "the provider is back" }
const failure = { code: "ProviderGone", category: "permanent" } as const

const safety = Layer.succeed(
  ReplaySafety,
  new Map([
    [
      "assessed",
      (letters: ReadonlyArray<{ readonly key: string }>) =>
        Effect.succeed(
          letters.map(({ key }) =>
            key === "old"
              ? { verdict: "asks_first" as const, would: "asks" }
              : { verdict: "safe" as const, would: "sends again" }
          )
        )
    ]
  ])
)
const letters = DeadLetters.layer.pipe(
  Layer.provide(safety),
  Layer.provideMerge(Jobs.layer),
  Layer.provideMerge(TestDatabase.layer)
)

const kill = Effect.fnUntraced(function* (queue: string, keys: ReadonlyArray<string>, code = failure.code) {
  const jobs = yield* Jobs
  for (const key of keys) yield* jobs.enqueue({ queue, key, payload: { key, email: "ada@example.com" } })
  const claimed = yield* jobs.claim(queue, keys.length)
  yield* jobs.settleAll(claimed.map((job) => [job, Settlement.dead({ ...failure, code })]))
})

const rows = (queue: string) =>
  Effect.flatMap(Database, (database) =>
    database.query(
      "test",
      (sql) => sql<{ key: string; state: string; replays: number; attempts: number; replayed_by: string | null }>`
        select key, state, replays, attempts, replayed_by from jobs where queue = ${queue} order by key`
    )
  )

const audited = (target: string) =>
  Effect.flatMap(Database, (database) =>
    database.query(
      "test",
      (sql) => sql`
      select actor, action, reason, detail from operator_actions where target = ${target} order by id`
    )
  )

/** Runs the replay's job as often as it asks for, without its pauses. */
const finishReplays = Effect.gen(function* () {
  const jobs = yield* Jobs
  const database = yield* Database
  const handle = yield* runReplay
  for (;;) {
    yield* database.query("test", (sql) => sql`update jobs set run_at = now() where queue = ${replayQueue}`)
    const claimed = yield* jobs.claim(replayQueue, 10)
    if (claimed.length === 0) return
    for (const job of claimed) yield* jobs.settle(job, yield* handle(job))
  }
})

const runAll = Effect.fnUntraced(function* (queue: string, end: (job: ClaimedJob) => Settlement) {
  const [jobs, database] = [yield* Jobs, yield* Database]
  yield* database.query("test", (sql) => sql`update jobs set run_at = now() where queue = ${queue}`)
  const claimed = yield* jobs.claim(queue, 1_000)
  yield* jobs.settleAll(claimed.map((job) => [job, end(job)]))
  return claimed
})

layer(letters, { excludeTestServices: true })("dead letters", (it) => {
  it.effect("are listed newest first, page by page, each once", () =>
    Effect.gen(function* () {
      const dead = yield* DeadLetters
      yield* kill(
        "listed",
        Array.makeBy(7, (n) => `key-${n}`)
      )
      const seen: Array<string> = []
      let after: string | undefined = undefined
      do {
        const page: Effect.Success<ReturnType<typeof dead.list>> = yield* dead.list(
          { queue: "listed" },
          { limit: 3, after }
        )
        seen.push(...page.letters.map(({ key }) => key))
        after = page.next?.id
      } while (after !== undefined)
      assert.deepStrictEqual(
        seen,
        Array.makeBy(7, (n) => `key-${6 - n}`)
      )
    })
  )

  it.effect("are found by queue, code and time, and grouped by what happened", () =>
    Effect.gen(function* () {
      const dead = yield* DeadLetters
      yield* kill("grouped", ["a", "b"], "First")
      yield* kill("grouped", ["c"], "Second")
      const count = (filter: LetterFilter) =>
        Effect.map(
          dead.list({ queue: "grouped", ...filter }, { limit: 10, after: undefined }),
          (page) => page.letters.length
        )
      const now = yield* DateTime.now
      const hour = { hours: 1 }
      assert.deepStrictEqual(
        [
          yield* count({}),
          yield* count({ code: "Second" }),
          yield* count({ failedAfter: DateTime.addDuration(now, "1 hour") }),
          yield* count({ failedAfter: DateTime.subtract(now, hour), failedBefore: DateTime.add(now, hour) })
        ],
        [3, 1, 0, 3]
      )
      const groups = yield* dead.groups({ queue: "grouped" })
      assert.deepStrictEqual(
        groups.map(({ code, count }) => [code, count]),
        [
          ["First", 2],
          ["Second", 1]
        ]
      )
    })
  )

  it.effect("tell how they failed, and nothing of whom they are about", () =>
    Effect.gen(function* () {
      const dead = yield* DeadLetters
      yield* kill("told", ["one"])
      const [letter] = (yield* dead.list({ queue: "told" }, { limit: 1, after: undefined })).letters
      const detail = yield* dead.find(letter!.id)
      assert.deepInclude(detail, { queue: "told", key: "one", attempts: 1, replays: 0, ...failure })
      assert.deepInclude(detail.history[0], { ...failure, attempt: 1 })
      assert.notInclude(JSON.stringify(detail), "ada@example.com")
      assert.strictEqual((yield* Effect.flip(dead.find("999999999")))._tag, "DeadLetterNotFound")
    })
  )

  it.effect("say before a replay what it would do, and stay as they are", () =>
    Effect.gen(function* () {
      const dead = yield* DeadLetters
      yield* kill("assessed", ["new", "old"])
      yield* kill("foreign", ["one"])
      const { items, ...preview } = yield* dead.preview({ queue: "assessed" })
      assert.deepStrictEqual(preview, { letters: 2, assessed: 2, verdicts: { safe: 1, asks_first: 1, unknown: 0 } })
      assert.deepStrictEqual(
        items.map(({ would }) => would),
        ["sends again", "asks"]
      )
      assert.deepInclude((yield* dead.preview({ queue: "foreign" })).verdicts, { unknown: 1 })
      assert.deepStrictEqual(
        (yield* rows("assessed")).map(({ state }) => state),
        ["dead", "dead"]
      )
    })
  )

  it.effect("that are replayed keep their row, their key and their past, and say how it ended", () =>
    Effect.gen(function* () {
      const dead = yield* DeadLetters
      yield* kill("replayed", ["good", "bad"])
      const begun = yield* dead.replay({ queue: "replayed" }, by)
      assert.deepInclude(begun, { items: 2, actor: "ada", releasedAt: undefined })
      yield* finishReplays
      yield* runAll("replayed", (job) => (job.key === "good" ? Settlement.done : Settlement.dead(failure)))
      const { releasedAt, results } = yield* dead.replayed(begun.id)
      assert.isDefined(releasedAt)
      assert.deepStrictEqual(results, { waiting: 0, released: 0, done: 1, dead: 1, skipped: 0 })
      assert.deepStrictEqual(yield* rows("replayed"), [
        { key: "bad", state: "dead", replays: 1, attempts: 1, replayed_by: "ada" },
        { key: "good", state: "done", replays: 1, attempts: 1, replayed_by: "ada" }
      ])
      const [bad] = (yield* dead.list({ queue: "replayed" }, { limit: 9, after: undefined })).letters
      const detail = yield* dead.find(bad!.id)
      assert.strictEqual(detail.history.length, 2)
      assert.deepStrictEqual(detail.lineage, [{ replay: begun.id, result: "dead" }])
      assert.deepStrictEqual(yield* audited(`replay:${begun.id}`), [
        { actor: "ada", action: "dead_letters.replay", reason: by.reason, detail: { letters: 2, per_second: 50 } }
      ])
    })
  )

  it.effect("replayed twice and in parallel run once", () =>
    Effect.gen(function* () {
      const dead = yield* DeadLetters
      yield* kill(
        "once",
        Array.makeBy(60, (n) => `key-${n}`)
      )
      const replays = yield* Effect.all(
        Array.makeBy(5, () => dead.replay({ queue: "once" }, by, 20)),
        { concurrency: "unbounded" }
      )
      yield* Effect.all([finishReplays, finishReplays, finishReplays], { concurrency: "unbounded" })
      const ran = yield* runAll("once", () => Settlement.done)
      assert.strictEqual(ran.length, 60)
      const results = yield* Effect.forEach(replays, ({ id }) => dead.replayed(id))
      assert.strictEqual(
        results.reduce((sum, replay) => sum + replay.results.done, 0),
        60
      )
      assert.strictEqual(
        results.reduce((sum, replay) => sum + replay.results.skipped, 0),
        240
      )
      assert.isTrue((yield* rows("once")).every(({ replays, state }) => replays === 1 && state === "done"))
    })
  )

  it.effect("of a replay come back spread over the second", () =>
    Effect.gen(function* () {
      const [dead, jobs, database] = [yield* DeadLetters, yield* Jobs, yield* Database]
      yield* kill(
        "spread",
        Array.makeBy(20, (n) => `key-${n}`)
      )
      yield* dead.replay({ queue: "spread" }, by, 10)
      const handle = yield* runReplay
      const [job] = yield* jobs.claim(replayQueue, 1)
      const end = yield* handle(job!)
      assert.deepStrictEqual(end, Settlement.later(1_000))
      yield* jobs.settle(job!, end)
      const [spread] = yield* database.query(
        "test",
        (sql) => sql`
          select count(*)::int as released, (extract(epoch from max(run_at) - min(run_at)) * 1000)::int as millis
          from jobs where queue = 'spread' and state = 'ready'`
      )
      assert.deepStrictEqual(spread, { released: 10, millis: 900 })
      yield* finishReplays
    })
  )

  it.effect("that are discarded are kept with the reason, and neither listed nor replayed", () =>
    Effect.gen(function* () {
      const [dead, database] = [yield* DeadLetters, yield* Database]
      yield* kill("discarded", ["a", "b"], "Useless")
      const filter = { queue: "discarded", code: "Useless" }
      assert.strictEqual(yield* dead.discard(filter, { actor: "bob", reason: "sent by hand" }), 2)
      assert.strictEqual((yield* dead.list(filter, { limit: 9, after: undefined })).letters.length, 0)
      assert.strictEqual((yield* dead.replay(filter, by)).items, 0)
      const kept = yield* database.query(
        "test",
        (sql) => sql`
        select distinct state, discarded_by, discard_reason from jobs where queue = 'discarded'`
      )
      assert.deepStrictEqual(kept, [{ state: "discarded", discarded_by: "bob", discard_reason: "sent by hand" }])
      assert.strictEqual((yield* audited("queue:discarded")).length, 1)
      yield* finishReplays
    })
  )

  it.effect("that somebody asks for say so, and what was asked for is seen by the run that a replay brings", () =>
    Effect.gen(function* () {
      const [dead, jobs] = [yield* DeadLetters, yield* Jobs]
      const woken = Effect.map(dead.list({ queue: "asked" }, { limit: 10, after: undefined }), ({ letters: all }) =>
        all.map((letter) => [letter.key, letter.woken])
      )
      yield* kill("asked", ["cancelled", "enqueued", "left alone"])
      yield* jobs.wake("asked", "cancelled")
      yield* jobs.enqueue({ queue: "asked", key: "enqueued", payload: {} })
      assert.deepStrictEqual((yield* woken).toSorted(), [
        ["cancelled", true],
        ["enqueued", true],
        ["left alone", false]
      ])
      assert.deepStrictEqual(yield* jobs.claim("asked", 10), [])
      yield* dead.replay({ queue: "asked" }, by)
      yield* finishReplays
      yield* runAll("asked", () => Settlement.dead(failure))
      assert.deepStrictEqual([...new Set((yield* woken).map(([, asked]) => asked))], [false])
    })
  )

  it.effect("are given back by a worker, which also runs them", () =>
    Effect.gen(function* () {
      const [dead, database] = [yield* DeadLetters, yield* Database]
      yield* kill("worked", ["one", "two"])
      const { id } = yield* dead.replay({ queue: "worked" }, by)
      yield* Effect.forkScoped(runWorker({ queue: replayQueue, concurrency: 1, handle: yield* runReplay }))
      yield* Effect.forkScoped(
        runWorker({ queue: "worked", concurrency: 2, handle: () => Effect.succeed(Settlement.done) })
      )
      yield* Effect.repeat(dead.replayed(id), { until: ({ results }) => results.done === 2 })
      const [left] = yield* database.query(
        "test",
        (sql) => sql<{ count: number }>`
        select count(*)::int as count from jobs where queue = 'worked' and state <> 'done'`
      )
      assert.strictEqual(left?.count, 0)
    })
  )
})
