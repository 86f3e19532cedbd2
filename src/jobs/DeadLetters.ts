/**
 * Dead letters, for operators: looked at, replayed, discarded. Nothing in them can be edited.
 *
 * A letter is the job itself in the state `dead`, so a replay keeps its key, its payload and its past. To replay is to
 * write down which letters are meant and to enqueue one job that gives them back, so many a second; a letter is given
 * back only while it is dead, so whatever runs twice or in parallel gives it back once. Every change leaves one line
 * in the audit, in its own transaction.
 */
import { Context, Effect, Layer } from "effect"
import { Database } from "../database/Database.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { OperatorsDatabase } from "../database/OperatorsDatabase.ts"
import { redact } from "../telemetry/redaction.ts"
import { recordAction } from "./audit.ts"
import type {
  Assessment,
  DeadLetter,
  DeadLetterDetail,
  LetterFilter,
  LetterGroup,
  Replay,
  ReplayPreview,
  ReplayResult
} from "./DeadLetter.ts"
import { mostLetters, perSecondDefault, perSecondMost, previewed } from "./DeadLetter.ts"
import { DeadLetterNotFound, ReplayNotFound } from "./errors.ts"
import type { By } from "./Job.ts"
import { Jobs } from "./Jobs.ts"
import {
  type DetailRow,
  type GroupRow,
  letterColumns,
  type LetterRow,
  matching,
  type ReplayRow,
  toGroup,
  toLetter,
  toReplay
} from "./letterRows.ts"
import { ReplaySafety, unknownSafety } from "./ReplaySafety.ts"
import { replayJob, replayQueue } from "./replays.ts"
import { endDiscarded } from "./spool/discarding.ts"

type Failures = DatabaseUnavailable | QueryTimeout

export interface LetterPage {
  readonly letters: ReadonlyArray<DeadLetter>
  readonly next: DeadLetter | undefined
}

export class DeadLetters extends Context.Service<
  DeadLetters,
  {
    /** Newest first; `after` is the id of the last one of the page before. */
    readonly list: (
      filter: LetterFilter,
      page: { readonly limit: number; readonly after: string | undefined }
    ) => Effect.Effect<LetterPage, Failures>
    /** The largest first. */
    readonly groups: (filter: LetterFilter) => Effect.Effect<ReadonlyArray<LetterGroup>, Failures>
    readonly find: (id: string) => Effect.Effect<DeadLetterDetail, DeadLetterNotFound | Failures>
    /** What a replay would do, without doing it. */
    readonly preview: (filter: LetterFilter) => Effect.Effect<ReplayPreview, Failures>
    /** Begins; the letters are given back by a job of their own. At most `mostLetters`, the oldest first. */
    readonly replay: (
      filter: LetterFilter,
      by: By,
      perSecond?: number
    ) => Effect.Effect<Replay, ReplayNotFound | Failures>
    readonly replayed: (id: string) => Effect.Effect<Replay, ReplayNotFound | Failures>
    /**
     * Answers how many there were. They are kept until retention removes them. A deferred write ends with its letter,
     * as failed.
     */
    readonly discard: (filter: LetterFilter, by: By) => Effect.Effect<number, Failures>
  }
>()("holdfast/jobs/DeadLetters") {
  static readonly layer = Layer.effect(
    DeadLetters,
    Effect.gen(function* () {
      const database = yield* Database
      const reading = yield* OperatorsDatabase
      const jobs = yield* Jobs
      const safety = yield* ReplaySafety

      const list = Effect.fn("DeadLetters.list")(function* (
        filter: LetterFilter,
        { after, limit }: { readonly limit: number; readonly after: string | undefined }
      ) {
        const rows = yield* reading.query(
          "deadLetters.list",
          (sql) => sql<LetterRow>`
            select ${letterColumns(sql)} from jobs
            where ${matching(sql, filter)} ${after === undefined ? sql`` : sql`and id < ${after}::bigint`}
            order by id desc limit ${limit + 1}`
        )
        const letters = rows.slice(0, limit).map(toLetter)
        return { letters, next: rows.length > limit ? letters.at(-1) : undefined }
      })

      const groups = Effect.fn("DeadLetters.groups")(function* (filter: LetterFilter) {
        const rows = yield* reading.query(
          "deadLetters.groups",
          (sql) => sql<GroupRow>`
            select queue, last_error ->> 'code' as code, last_error ->> 'category' as category, count(*)::int as count,
              min(first_failed_at) as first_failed_at, max(last_failed_at) as last_failed_at, max(id)::text as sample
            from jobs where ${matching(sql, filter)}
            group by 1, 2, 3 order by count(*) desc, 1, 2 limit 500`
        )
        return rows.map(toGroup)
      })

      const find = Effect.fn("DeadLetters.find")(function* (id: string) {
        const [row] = yield* reading.query(
          "deadLetters.find",
          (sql) => sql<DetailRow>`
            select ${letterColumns(sql)}, payload, history from jobs
            where id = ${id}::bigint and state in ('dead', 'discarded')`
        )
        if (row === undefined) return yield* new DeadLetterNotFound({ letterId: id })
        const lineage = yield* reading.query(
          "deadLetters.lineage",
          (sql) => sql<{ replay: string; result: ReplayResult }>`
            select replay_id::text as replay, result from replay_items where job_id = ${id}::bigint order by replay_id`
        )
        const payload = redact(row.payload) as DeadLetterDetail["payload"]
        return { ...toLetter(row), payload, history: row.history, lineage }
      })

      const assessed = Effect.fnUntraced(function* (letters: ReadonlyArray<DeadLetter>) {
        const found = new Map<string, Assessment>()
        for (const [queue, own] of Map.groupBy(letters, (letter) => letter.queue)) {
          const assess = safety.get(queue)
          const verdicts = assess === undefined ? [] : yield* assess(own)
          own.forEach((letter, index) => found.set(letter.id, verdicts[index] ?? unknownSafety))
        }
        return letters.map((letter) => ({ ...letter, ...(found.get(letter.id) ?? unknownSafety) }))
      })

      const preview = Effect.fn("DeadLetters.preview")(function* (filter: LetterFilter) {
        const [counted] = yield* reading.query(
          "deadLetters.count",
          (sql) => sql<{ count: number }>`select count(*)::int as count from jobs where ${matching(sql, filter)}`
        )
        const rows = yield* reading.query(
          "deadLetters.oldest",
          (sql) => sql<LetterRow>`
            select ${letterColumns(sql)} from jobs where ${matching(sql, filter)} order by id limit ${previewed}`
        )
        const items = yield* assessed(rows.map(toLetter))
        const verdicts = { safe: 0, asks_first: 0, unknown: 0 }
        for (const item of items) verdicts[item.verdict] += 1
        return { letters: counted?.count ?? 0, assessed: items.length, verdicts, items }
      })

      const replayed = Effect.fn("DeadLetters.replayed")(function* (id: string) {
        const [row] = yield* database.query(
          "replays.find",
          (sql) => sql<ReplayRow>`
            select id::text, actor, reason, per_second, items, created_at, finished_at
            from replays where id = ${id}::bigint`
        )
        if (row === undefined) return yield* new ReplayNotFound({ replayId: id })
        const counted = yield* database.query(
          "replays.results",
          (sql) => sql<{ result: ReplayResult; count: number }>`
            select result, count(*)::int as count from replay_items where replay_id = ${id}::bigint group by result`
        )
        return toReplay(row, counted)
      })

      const replay = Effect.fn("DeadLetters.replay")(function* (filter: LetterFilter, by: By, perSecond?: number) {
        const rate = Math.min(perSecondMost, Math.max(1, Math.floor(perSecond ?? perSecondDefault)))
        const id = yield* database.transaction(
          "replays.begin",
          Effect.fnUntraced(function* (sql) {
            const [begun] = yield* sql<{ id: string; items: number }>`
              with begun as (
                insert into replays (actor, reason, per_second) values (${by.actor}, ${by.reason}, ${rate})
                returning id)
              select id::text, 0 as items from begun`
            const replayId = begun?.id ?? ""
            const [chosen] = yield* sql<{ items: number }>`
              with chosen as (
                insert into replay_items (replay_id, job_id)
                select ${replayId}::bigint, id from jobs where ${matching(sql, filter)} order by id limit ${mostLetters}
                returning 1)
              update replays set items = (select count(*) from chosen) where id = ${replayId}::bigint
              returning items`
            const detail = { letters: chosen?.items ?? 0, per_second: rate }
            yield* recordAction(sql, { ...by, action: "dead_letters.replay", target: `replay:${replayId}`, detail })
            yield* jobs.enqueue(replayJob(replayId))
            return replayId
          })
        )
        yield* Effect.logInfo("replay begun", { replay: id, queue: replayQueue, actor: by.actor })
        return yield* replayed(id)
      })

      const discard = Effect.fn("DeadLetters.discard")((filter: LetterFilter, by: By) =>
        database.transaction(
          "deadLetters.discard",
          Effect.fnUntraced(function* (sql) {
            const discarded = yield* sql<{ count: number }>`
              with chosen as materialized (
                select id from jobs where ${matching(sql, filter)} order by id limit ${mostLetters} for update),
              discarded as (
                update jobs set state = 'discarded', discarded_by = ${by.actor}, discard_reason = ${by.reason},
                  finished_at = now()
                from chosen where jobs.id = chosen.id returning queue, key),
              ended as (${endDiscarded(sql)})
              select count(*)::int as count from discarded`
            const letters = discarded[0]?.count ?? 0
            const target = filter.ids?.length === 1 ? `job:${filter.ids[0]}` : `queue:${filter.queue ?? "*"}`
            yield* recordAction(sql, { ...by, action: "dead_letters.discard", target, detail: { letters } })
            return letters
          })
        )
      )

      return DeadLetters.of({ list, groups, find, preview, replay, replayed, discard })
    })
  )
}
