/** The queue in PostgreSQL. Its large statements, and the rules that they keep, are in `jobStatements.ts`. */
import { DateTime, Effect } from "effect"
import { Database } from "../database/Database.ts"
import { makeAnnouncements } from "./announcements.ts"
import { recordAction } from "./audit.ts"
import type { By, ClaimedJob, NewJob, Settlement } from "./Job.ts"
import {
  type ClaimRow,
  claimStatement,
  finishStatement,
  renewStatement,
  settleStatement,
  sweepStatement,
  unparkStatement
} from "./jobStatements.ts"
import { currentOrigin } from "./origin.ts"
import { queueStatuses } from "./queueStatuses.ts"

export const makeJobsPostgres = Effect.gen(function* () {
  const database = yield* Database
  const { announce, due } = yield* makeAnnouncements

  const enqueue = Effect.fn("Jobs.enqueue")(function* (job: NewJob) {
    const delay = job.delaySeconds ?? 0
    const priority = job.priority ?? 0
    const { requestId, traceparent } = yield* currentOrigin
    const continued = job.traceparent ?? traceparent
    yield* database.query(
      "jobs.enqueue",
      (sql) => sql`
        insert into jobs
          (queue, key, payload, run_at, priority, due_by, slot, slot_max, traceparent, caused_by, request_id)
        values (${job.queue}, ${job.key}, ${JSON.stringify(job.payload)}::jsonb,
          now() + make_interval(secs => ${delay}), ${priority},
          now() + make_interval(secs => ${delay + priority * 30}), ${job.slot?.key ?? null}, ${job.slot?.max ?? null},
          ${continued ?? null}, ${traceparent ?? null}, ${requestId ?? null})
        on conflict (queue, key) do update set wake = jobs.wake + 1, caused_by = excluded.caused_by,
          state = case when jobs.state = 'done' then 'ready' else jobs.state end,
          attempts = case when jobs.state = 'done' then 0 else jobs.attempts end,
          finished_at = case when jobs.state = 'done' then null else jobs.finished_at end,
          run_at = case jobs.state when 'ready' then least(jobs.run_at, excluded.run_at)
            when 'done' then excluded.run_at else jobs.run_at end,
          due_by = case jobs.state when 'ready' then least(jobs.due_by, excluded.due_by)
            when 'done' then excluded.due_by else jobs.due_by end`
    )
    if (job.slot !== undefined) {
      const { key } = job.slot
      yield* database.query(
        "jobs.slot",
        (sql) => sql`insert into job_slots (queue, key) values (${job.queue}, ${key}) on conflict do nothing`
      )
    }
    yield* database.afterCommit(announce(job.queue))
  })

  const wake = Effect.fn("Jobs.wake")(function* (queue: string, key: string) {
    const { traceparent } = yield* currentOrigin
    yield* database.query(
      "jobs.wake",
      (sql) => sql`
        update jobs set wake = wake + 1, caused_by = ${traceparent ?? null},
          state = case when state = 'done' then 'ready' else state end,
          attempts = case when state = 'done' then 0 else attempts end,
          finished_at = case when state = 'done' then null else finished_at end,
          run_at = case when state in ('ready', 'done') then least(run_at, now()) else run_at end,
          due_by = case when state in ('ready', 'done')
            then least(run_at, now()) + priority * interval '30 seconds' else due_by end
        where queue = ${queue} and key = ${key} and state <> 'discarded'`
    )
    yield* database.afterCommit(announce(queue))
  })

  const claim = Effect.fn("Jobs.claim")((queue: string, limit: number) =>
    Effect.map(
      database.query("jobs.claim", (sql) => claimStatement(sql, queue, limit, false)),
      toJobs
    )
  )
  const claimAlone = Effect.fn("Jobs.claimAlone")((queue: string) =>
    Effect.map(
      database.query("jobs.claimAlone", (sql) => claimStatement(sql, queue, 1, true)),
      toJobs
    )
  )

  const hasAlone = (queue: string) =>
    Effect.map(
      database.query(
        "jobs.hasAlone",
        (sql) => sql`
          select 1 from jobs where queue = ${queue} and state = 'ready' and alone and not parked and run_at <= now()
            and not exists (select from queues where queue = ${queue} and paused_at is not null) limit 1`
      ),
      (rows) => rows.length > 0
    )

  const settleAll = Effect.fn("Jobs.settleAll")(function* (
    settled: ReadonlyArray<readonly [job: ClaimedJob, settlement: Settlement]>
  ) {
    if (settled.length === 0) return new Set<string>()
    const lost = yield* database.query("jobs.settle", (sql) =>
      settled.every(([, { _tag }]) => _tag === "Done") ? finishStatement(sql, settled) : settleStatement(sql, settled)
    )
    const vacated = new Set(settled.flatMap(([job]) => (job.slotted ? [job.queue] : [])))
    yield* Effect.forEach(vacated, announce, { discard: true })
    const held = new Set(settled.map(([job]) => job.id))
    for (const { id } of lost) held.delete(id)
    return held
  })
  const settle = (job: ClaimedJob, settlement: Settlement) =>
    Effect.map(settleAll([[job, settlement]]), (held) => held.has(job.id))

  const renew = Effect.fn("Jobs.renew")(function* (jobs: ReadonlyArray<ClaimedJob>) {
    const held = yield* database.query("jobs.renew", (sql) => renewStatement(sql, jobs))
    return new Set(held.map((row) => row.id))
  })

  const sweep = database.query("jobs.sweep", sweepStatement).pipe(
    Effect.tap(
      Effect.flatMap(database.query("jobs.unpark", unparkStatement), (freed) =>
        Effect.forEach(new Set(freed.map(({ queue }) => queue)), announce, { discard: true })
      )
    ),
    Effect.map((rows) => rows.length)
  )

  const pausing = (action: "pause" | "resume") =>
    Effect.fn(`Jobs.${action}`)(function* (queue: string, by: By) {
      const paused = action === "pause"
      yield* database.transaction(`jobs.${action}`, (sql) =>
        sql`
          insert into queues (queue, paused_at, paused_by, pause_reason)
          values (${queue}, ${paused ? sql`now()` : sql`null`}, ${by.actor}, ${by.reason})
          on conflict (queue) do update set paused_by = excluded.paused_by, pause_reason = excluded.pause_reason,
            paused_at = case when excluded.paused_at is null then null
              else coalesce(queues.paused_at, excluded.paused_at) end`.pipe(
          Effect.andThen(recordAction(sql, { ...by, action: `queue.${action}`, target: queue }))
        )
      )
      if (!paused) yield* announce(queue)
    })

  const queues = database.query("jobs.queues", queueStatuses)

  return {
    enqueue,
    wake,
    claim,
    claimAlone,
    hasAlone,
    settle,
    settleAll,
    renew,
    sweep,
    due,
    pause: pausing("pause"),
    resume: pausing("resume"),
    queues
  }
})

/** Oldest due first: an update gives its rows back in whatever order it met them. */
const toJobs = (rows: ReadonlyArray<ClaimRow>): ReadonlyArray<ClaimedJob> =>
  rows
    .toSorted((one, other) => one.due - other.due || Number(one.id) - Number(other.id))
    .map(({ id, queue, key, payload, lease, attempts, slotted, created_at, ...row }) => {
      const createdAt = DateTime.fromDateUnsafe(created_at)
      const [causedBy, requestId] = [or(row.caused_by), or(row.request_id)]
      const own = { id, queue, key, payload, lease, attempts, slotted, createdAt }
      const more = { traceparent: or(row.traceparent), causedBy, requestId, replayedMillis: or(row.replayed_millis) }
      return Object.assign(own, more)
    })

const or = <A>(value: A | null): A | undefined => value ?? undefined
