/**
 * The queue's statements that move many jobs at once. Three rules keep them from waiting for each other in a circle:
 * a claim never waits (it skips what is locked); whoever updates several jobs locks them by id first; slots come after
 * jobs, by key. A slot's count changes in the statement that moves its jobs, and never otherwise.
 */
import type { SqlClient, Statement } from "effect/sql"
import { type ClaimedJob, historyLength, leaseSeconds, type Settlement, soloCrashes } from "./Job.ts"

export interface ClaimRow {
  readonly id: string
  readonly queue: string
  readonly key: string
  readonly payload: Readonly<Record<string, string>>
  readonly lease: string
  readonly attempts: number
  readonly created_at: Date
  readonly slotted: boolean
  readonly traceparent: string | null
  readonly caused_by: string | null
  readonly request_id: string | null
  readonly replayed_millis: number | null
  /** Seconds since 1970. */
  readonly due: number
}

/** Due jobs that are not alone, or the first of those that are. What finds its slot full is parked. */
export const claimStatement = (sql: SqlClient.SqlClient, queue: string, limit: number, alone: boolean) => sql<ClaimRow>`
  with due as materialized (
    select id, slot, slot_max, due_by from jobs
    where queue = ${queue} and state = 'ready' and ${alone ? sql`alone` : sql`not alone`} and not parked
      and run_at <= now() and not exists (select from queues where queue = ${queue} and paused_at is not null)
    order by due_by, id limit ${limit} for update skip locked),
  slots as materialized (
    select key, running from job_slots
    where queue = ${queue} and key in (select slot from due where slot is not null)
    order by key for update skip locked),
  ranked as (
    select due.id, slots.key,
      row_number() over (partition by slots.key order by due.due_by, due.id) <= due.slot_max - slots.running as fits
    from due join slots on slots.key = due.slot),
  entered as (
    update job_slots set running = running + entering.jobs
    from (select key, count(*) as jobs from ranked where fits group by key) as entering
    where job_slots.queue = ${queue} and job_slots.key = entering.key),
  parked as (
    update jobs set parked = true from ranked where jobs.id = ranked.id and not ranked.fits),
  mine as (
    select id from due where slot is null union all select id from ranked where fits)
  update jobs set state = 'running', lease = (select gen_random_uuid()), wake_seen = wake, attempts = attempts + 1,
    lease_until = now() + make_interval(secs => ${leaseSeconds})
  where id = any(array(select id from mine))
  returning jobs.id::text, jobs.queue, jobs.key, jobs.payload, jobs.lease::text, jobs.attempts, jobs.created_at,
    jobs.slot is not null as slotted, jobs.traceparent, jobs.caused_by, jobs.request_id,
    extract(epoch from now() - jobs.replayed_at)::float8 * 1000 as replayed_millis, extract(epoch from jobs.due_by)::float8 as due`

/** Gives back the places of the jobs in `left` (queue, slot), and lets as many parked ones of the same key out. */
const givingSlotsBack = (sql: SqlClient.SqlClient, left: Statement.Fragment) => sql`
  leaving as materialized (
    select job_slots.queue, job_slots.key, gone.jobs from job_slots join (
      select queue, slot, count(*) as jobs from ${left} as moved where slot is not null group by queue, slot) as gone
      on job_slots.queue = gone.queue and job_slots.key = gone.slot
    order by job_slots.queue, job_slots.key for update of job_slots),
  vacated as (
    update job_slots set running = running - leaving.jobs from leaving
    where job_slots.queue = leaving.queue and job_slots.key = leaving.key),
  next as materialized (
    select waiting.id from leaving cross join lateral (
      select id from jobs where parked and queue = leaving.queue and slot = leaving.key
      order by due_by, id limit leaving.jobs for update skip locked) as waiting),
  unparked as (
    update jobs set parked = false from next where jobs.id = next.id)`

const stateAfter = { Done: "done", Later: "ready", Retry: "ready", Dead: "dead" } as const

type Settled = readonly [job: ClaimedJob, settlement: Settlement]

/** `given` with names for its columns, then those of its jobs whose lease is still held: locked, by id. */
const heldOf = (sql: SqlClient.SqlClient, settled: ReadonlyArray<Settled>, given: Statement.Fragment) => sql`
  given as materialized (${given}),
  held as materialized (
    select jobs.id, jobs.queue, jobs.slot, given.* from jobs join given on jobs.id = job_id and jobs.lease = job_lease
    where jobs.id = any(array(select job_id from given))
    order by jobs.id for update of jobs)
  ${settled.some(([job]) => job.slotted) ? sql`, ${givingSlotsBack(sql, sql`held`)}` : sql``}`

/** Settles what is done and nothing else: the short way that nearly all jobs take. Answers the ids that were not held. */
export const finishStatement = (sql: SqlClient.SqlClient, settled: ReadonlyArray<Settled>) => sql<{ id: string }>`
  with ${heldOf(
    sql,
    settled,
    sql`select * from unnest(${settled.map(([job]) => job.id)}::bigint[], ${settled.map(([job]) => job.lease)}::uuid[])
      as each (job_id, job_lease)`
  )},
  finished as (
    update jobs set
      state = case when wake <> wake_seen then 'ready' else 'done' end,
      run_at = now(), due_by = now() + priority * interval '30 seconds',
      finished_at = case when wake = wake_seen then now() end,
      lease = null, lease_until = null, alone = false, crashes = 0
    where id = any(array(select id from held)))
  select job_id::text as id from given where job_id not in (select id from held)`

/** Delays go as text: the driver takes an array's type from its first number, and refuses fractions behind a whole one. */
export const settleStatement = (sql: SqlClient.SqlClient, settled: ReadonlyArray<Settled>) => sql<{ id: string }>`
  with ${heldOf(
    sql,
    settled,
    sql`select job_id, job_lease, next, delay, uncounted, nullif(failure, '')::jsonb as failure
      from unnest(
        ${settled.map(([job]) => job.id)}::bigint[], ${settled.map(([job]) => job.lease)}::uuid[],
        ${settled.map(([, end]) => stateAfter[end._tag])}::text[],
        ${settled.map(([, end]) => String("delayMillis" in end ? end.delayMillis / 1000 : 0))}::float8[],
        ${settled.map(([, end]) => (end._tag === "Later" ? 1 : 0))}::int[],
        ${settled.map(([, end]) => ("failure" in end ? JSON.stringify(end.failure) : ""))}::text[]
      ) as each (job_id, job_lease, next, delay, uncounted, failure)`
  )},
  settled as (
    update jobs set
      state = case when wake <> wake_seen and next <> 'dead' then 'ready' else next end,
      run_at = now() + case when wake <> wake_seen then interval '0' else make_interval(secs => delay) end,
      due_by = now() + case when wake <> wake_seen then interval '0' else make_interval(secs => delay) end
        + priority * interval '30 seconds',
      lease = null, lease_until = null, attempts = attempts - uncounted, alone = false, crashes = 0,
      last_error = coalesce(failure, last_error),
      history = case when failure is null then history else ${historyWith(sql, sql`failure`)} end,
      first_failed_at = case when failure is null then first_failed_at else coalesce(first_failed_at, now()) end,
      last_failed_at = case when failure is null then last_failed_at else now() end,
      finished_at = case when next = 'dead' or (next = 'done' and wake = wake_seen) then now() end
    from held where jobs.id = held.id)
  select job_id::text as id from given where job_id not in (select id from held)`

const historyWith = (sql: SqlClient.SqlClient, failure: Statement.Fragment) => sql`
  case when jsonb_array_length(history) >= ${historyLength} then history - 0 else history end
    || jsonb_build_array(${failure} || jsonb_build_object('at', now(), 'attempt', attempts))`

export const renewStatement = (sql: SqlClient.SqlClient, jobs: ReadonlyArray<ClaimedJob>) => sql<{ id: string }>`
  with mine as materialized (
    select jobs.id from jobs join unnest(
      ${jobs.map((job) => job.id)}::bigint[], ${jobs.map((job) => job.lease)}::uuid[]) as held (id, lease)
      on jobs.id = held.id and jobs.lease = held.lease
    order by jobs.id for update of jobs)
  update jobs set lease_until = now() + make_interval(secs => ${leaseSeconds})
  from mine where jobs.id = mine.id returning jobs.id::text`

const crashed = JSON.stringify({ code: "Crashed", category: "permanent" })

/** Jobs whose lease has ended: to run alone, or, having crashed alone often enough, to the dead letters. */
export const sweepStatement = (sql: SqlClient.SqlClient) => sql`
  with ended as materialized (
    select id, queue, slot, alone and crashes + 1 >= ${soloCrashes} as dead from jobs
    where state = 'running' and lease_until < now()
    order by id limit 1000 for update skip locked),
  ${givingSlotsBack(sql, sql`ended`)}
  update jobs set lease = null, lease_until = null, alone = not dead,
    crashes = crashes + case when alone then 1 else 0 end,
    state = case when dead then 'dead' else 'ready' end,
    last_error = case when dead then ${crashed}::jsonb else last_error end,
    history = ${historyWith(sql, sql`${crashed}::jsonb`)},
    first_failed_at = coalesce(first_failed_at, now()), last_failed_at = now(),
    finished_at = case when dead then now() end
  from ended where jobs.id = ended.id returning 1`

/** What was parked in the very moment in which a place became free: nobody else lets it out. */
export const unparkStatement = (sql: SqlClient.SqlClient) => sql<{ queue: string }>`
  with next as materialized (
    select waiting.id from (select distinct queue, slot, slot_max from jobs where parked) as full_once
    join job_slots on job_slots.queue = full_once.queue and job_slots.key = full_once.slot
    cross join lateral (
      select id from jobs where parked and queue = full_once.queue and slot = full_once.slot
      order by due_by, id limit greatest(0, full_once.slot_max - job_slots.running) for update skip locked) as waiting)
  update jobs set parked = false from next where jobs.id = next.id returning jobs.queue`
