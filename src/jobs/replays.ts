/**
 * The job of a replay: gives back the next letters, so many a second, until none is left.
 *
 * One statement marks the items and gives their jobs back, spread over the second; a crash between two of them costs
 * nothing, and a replay goes on where it was. Runs are a second apart, as times in the queue.
 */
import { Effect } from "effect"
import { Database } from "../database/Database.ts"
import { backoffMillis } from "./backoff.ts"
import { type ClaimedJob, type NewJob, Settlement } from "./Job.ts"

export const replayQueue = "replays"
/** Replays at once on one node: each is one statement a second. */
export const replaysAtOnce = 2

export const replayJob = (id: string): NewJob => ({
  queue: replayQueue,
  key: `replay:${id}`,
  payload: { replay_id: id },
  slot: { key: `replay:${id}`, max: 1 }
})

/** Handles jobs of `replayQueue`. */
export const runReplay = Effect.gen(function* () {
  const database = yield* Database

  const releaseSome = (id: string) =>
    database.transaction(
      "replays.release",
      (sql) => sql<{ left: number }>`
        with replay as materialized (
          select id, actor, per_second from replays where id = ${id}::bigint for update),
        next as materialized (
          select job_id from replay_items where replay_id = ${id}::bigint and result = 'waiting'
          order by job_id limit (select per_second from replay) for update),
        letters as materialized (
          select jobs.id from jobs join next on jobs.id = next.job_id
          where jobs.state = 'dead' order by jobs.id for update of jobs),
        placed as (
          select letters.id, replay.actor, make_interval(secs =>
            (row_number() over (order by letters.id) - 1)::float8 / replay.per_second) as later
          from letters cross join replay),
        released as (
          update jobs set state = 'ready', attempts = 0, crashes = 0, alone = false, finished_at = null,
            replays = replays + 1, replay_id = ${id}::bigint, replayed_at = now(), replayed_by = placed.actor,
            run_at = now() + placed.later, due_by = now() + placed.later + priority * interval '30 seconds'
          from placed where jobs.id = placed.id returning jobs.id),
        marked as (
          update replay_items set result = case when replay_items.job_id in (select id from letters)
            then 'released' else 'skipped' end
          from next where replay_items.replay_id = ${id}::bigint and replay_items.job_id = next.job_id
          returning 1)
        select (select count(*) from replay_items where replay_id = ${id}::bigint and result = 'waiting')::int
          - (select count(*) from marked)::int as left`
    )

  const finish = (id: string) =>
    database.query(
      "replays.finish",
      (sql) => sql`update replays set finished_at = coalesce(finished_at, now()) where id = ${id}::bigint`
    )

  return (job: ClaimedJob): Effect.Effect<Settlement> => {
    const id = job.payload["replay_id"] ?? ""
    return releaseSome(id).pipe(
      Effect.flatMap(([row]) =>
        (row?.left ?? 0) > 0 ? Effect.succeed(Settlement.later(1_000)) : Effect.as(finish(id), Settlement.done)
      ),
      Effect.catch((error) =>
        Effect.gen(function* () {
          const failure = { code: error._tag, category: error.category }
          yield* Effect.logWarning("replay waits", { severity: "expected", replay: id, ...failure })
          return Settlement.retry(yield* backoffMillis(job.attempts), failure)
        })
      )
    )
  }
})
