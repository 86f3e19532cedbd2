/**
 * The queue: a table, so that a job is enqueued in the same transaction as what makes it necessary.
 *
 * Claims are batched, skip what others hold, and go by the database's clock. A lease that is not renewed ends, and its
 * job goes back to the others with its attempt counted. Everything that a worker writes about a job is fenced by the
 * lease's token: a worker that was away too long finds its writes refused, never applied twice.
 */
import { Context, DateTime, Effect, Layer, Stream } from "effect"
import { Database } from "../database/Database.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { type ClaimedJob, leaseSeconds, type NewJob, pollMillis, type Settlement } from "./Job.ts"
import { makeJobsMemory } from "./jobsMemory.ts"

type Failures = DatabaseUnavailable | QueryTimeout

const channel = "jobs"

export class Jobs extends Context.Service<
  Jobs,
  {
    /** Adds the job in the open transaction; wakes the one that is there when queue and key exist. */
    readonly enqueue: (job: NewJob) => Effect.Effect<void, Failures>
    /** Makes an existing job due now, or, while it runs, due again when it settles. */
    readonly wake: (queue: string, key: string) => Effect.Effect<void, Failures>
    /** Up to `limit` due jobs, oldest due first. */
    readonly claim: (queue: string, limit: number) => Effect.Effect<ReadonlyArray<ClaimedJob>, Failures>
    /** False when the lease was lost: then nothing was written. */
    readonly settle: (job: ClaimedJob, settlement: Settlement) => Effect.Effect<boolean, Failures>
    /** Extends the leases; answers the ids that are still held. */
    readonly renew: (jobs: ReadonlyArray<ClaimedJob>) => Effect.Effect<ReadonlySet<string>, Failures>
    /** Gives jobs whose lease has ended back to everybody. Answers how many there were. */
    readonly sweep: Effect.Effect<number, Failures>
    /** Emits when there may be work: on notification, and every second. */
    readonly due: (queue: string) => Stream.Stream<void>
  }
>()("holdfast/jobs/Jobs") {
  static readonly layer = Layer.effect(
    Jobs,
    Effect.gen(function* () {
      const database = yield* Database

      const announce = (queue: string) =>
        database
          .query("jobs.notify", (sql) => sql`select pg_notify(${channel}, ${queue})`)
          .pipe(
            // The poll finds the job within a second; a lost notification only costs that second.
            Effect.catch((error) => Effect.logDebug("job not announced", { code: error._tag })),
            Effect.asVoid
          )

      const enqueue = Effect.fn("Jobs.enqueue")(function* (job: NewJob) {
        yield* database.query(
          "jobs.enqueue",
          (sql) => sql`
            insert into jobs (queue, key, payload, run_at, priority, due_by)
            values (${job.queue}, ${job.key}, ${JSON.stringify(job.payload)}::jsonb,
              now() + make_interval(secs => ${job.delaySeconds ?? 0}), ${job.priority ?? 0},
              now() + make_interval(secs => ${(job.delaySeconds ?? 0) + (job.priority ?? 0) * 30}))
            on conflict (queue, key) do update set wake = jobs.wake + 1,
              run_at = case when jobs.state = 'ready' then least(jobs.run_at, excluded.run_at) else jobs.run_at end,
              due_by = case when jobs.state = 'ready' then least(jobs.due_by, excluded.due_by) else jobs.due_by end`
        )
        yield* database.afterCommit(announce(job.queue))
      })

      const wake = Effect.fn("Jobs.wake")(function* (queue: string, key: string) {
        yield* database.query(
          "jobs.wake",
          (sql) => sql`
            update jobs set wake = wake + 1,
              state = case when state = 'done' then 'ready' else state end,
              run_at = case when state in ('ready', 'done') then least(run_at, now()) else run_at end,
              due_by = case when state in ('ready', 'done')
                then least(run_at, now()) + priority * interval '30 seconds' else due_by end
            where queue = ${queue} and key = ${key} and state in ('ready', 'running', 'done')`
        )
        yield* database.afterCommit(announce(queue))
      })

      const claim = Effect.fn("Jobs.claim")(function* (queue: string, limit: number) {
        const rows = yield* database.query(
          "jobs.claim",
          (sql) => sql<ClaimRow>`
            with due as materialized (
              select id from jobs
              where queue = ${queue} and state = 'ready' and run_at <= now()
              order by due_by, id limit ${limit} for update skip locked)
            update jobs set state = 'running', lease = gen_random_uuid(), wake_seen = wake, attempts = attempts + 1,
              lease_until = now() + make_interval(secs => ${leaseSeconds})
            from due where jobs.id = due.id
            returning jobs.id::text, jobs.queue, jobs.key, jobs.payload, jobs.lease::text, jobs.attempts, jobs.created_at`
        )
        return rows.map(toJob)
      })

      const settle = Effect.fn("Jobs.settle")(function* (job: ClaimedJob, settlement: Settlement) {
        const failure = "failure" in settlement ? JSON.stringify(settlement.failure) : null
        const delaySeconds = "delayMillis" in settlement ? settlement.delayMillis / 1000 : 0
        const state = settlement._tag === "Done" ? "done" : settlement._tag === "Dead" ? "dead" : "ready"
        const uncounted = settlement._tag === "Later" ? 1 : 0
        const rows = yield* database.query(
          "jobs.settle",
          (sql) => sql`
            update jobs set
              state = case when wake <> wake_seen and ${state} <> 'dead' then 'ready' else ${state} end,
              run_at = case when wake <> wake_seen then now() else now() + make_interval(secs => ${delaySeconds}) end,
              due_by = priority * interval '30 seconds' +
                case when wake <> wake_seen then now() else now() + make_interval(secs => ${delaySeconds}) end,
              lease = null, lease_until = null, attempts = attempts - ${uncounted},
              last_error = coalesce(${failure}::jsonb, last_error),
              first_failed_at = case when ${failure}::text is null then first_failed_at else coalesce(first_failed_at, now()) end,
              last_failed_at = case when ${failure}::text is null then last_failed_at else now() end,
              finished_at = case when ${state} in ('done', 'dead') and wake = wake_seen then now() end
            where id = ${job.id}::bigint and lease = ${job.lease}::uuid
            returning 1`
        )
        return rows.length === 1
      })

      const renew = Effect.fn("Jobs.renew")(function* (jobs: ReadonlyArray<ClaimedJob>) {
        const held = yield* database.query(
          "jobs.renew",
          (sql) => sql<{ id: string }>`
            with mine as (
              select jobs.id from jobs join unnest(${jobs.map((job) => job.lease)}::uuid[]) as held (lease) using (lease)
              order by jobs.id for update of jobs)
            update jobs set lease_until = now() + make_interval(secs => ${leaseSeconds})
            from mine where jobs.id = mine.id returning jobs.id::text`
        )
        return new Set(held.map((row) => row.id))
      })

      const sweep = database
        .query(
          "jobs.sweep",
          (sql) => sql`
            with ended as materialized (
              select id from jobs where state = 'running' and lease_until < now()
              order by id limit 1000 for update skip locked)
            update jobs set state = 'ready', lease = null, lease_until = null, crashes = crashes + 1
            from ended where jobs.id = ended.id returning 1`
        )
        .pipe(Effect.map((rows) => rows.length))

      const due = (queue: string) =>
        Stream.merge(
          Stream.filter(database.listen(channel), (announced) => announced === queue),
          Stream.tick(pollMillis)
        ).pipe(Stream.map(() => undefined))

      return Jobs.of({ enqueue, wake, claim, settle, renew, sweep, due })
    })
  )

  static readonly layerMemory: Layer.Layer<Jobs> = Layer.effect(Jobs, makeJobsMemory)
}

interface ClaimRow {
  readonly id: string
  readonly queue: string
  readonly key: string
  readonly payload: Readonly<Record<string, string>>
  readonly lease: string
  readonly attempts: number
  readonly created_at: Date
}
const toJob = ({ created_at, ...row }: ClaimRow): ClaimedJob => ({
  ...row,
  createdAt: DateTime.fromDateUnsafe(created_at)
})
