/** What the table of jobs tells: how each job stands, and what it went through. */
import { DateTime, Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { JobFailure } from "../../jobs/Job.ts"
import type { Entry } from "./Explanation.ts"
import { entry } from "./orderHistory.ts"

export interface JobRow {
  readonly id: string
  readonly queue: string
  readonly key: string
  readonly state: "ready" | "running" | "done" | "dead" | "discarded"
  readonly run_at: Date
  readonly lease_until: Date | null
  readonly attempts: number
  readonly crashes: number
  readonly parked: boolean
  readonly last_error: JobFailure | null
  readonly last_failed_at: Date | null
  readonly history: ReadonlyArray<JobFailure & { readonly at: string; readonly attempt: number }>
  readonly created_at: Date
  readonly finished_at: Date | null
  readonly discarded_by: string | null
  readonly discard_reason: string | null
  readonly paused_at: Date | null
  readonly paused_by: string | null
  readonly pause_reason: string | null
}

interface Named {
  readonly queue: string
  readonly key: string
}

export const readJobs = (sql: SqlClient.SqlClient, named: ReadonlyArray<Named>, ids: ReadonlyArray<string>) =>
  sql<JobRow>`
  select j.id::text, j.queue, j.key, j.state, j.run_at, j.lease_until, j.attempts, j.crashes, j.parked, j.last_error,
    j.last_failed_at, j.history, j.created_at, j.finished_at, j.discarded_by, j.discard_reason,
    q.paused_at, q.paused_by, q.pause_reason
  from jobs j left join queues q on q.queue = j.queue
  where (j.queue, j.key) in (select * from unnest(${named.map(({ queue }) => queue)}::text[], ${named.map(({ key }) => key)}::text[]))
    or j.id = any(${ids}::bigint[])
  order by j.id`

const endOf = (job: JobRow): ReadonlyArray<Entry> => {
  if (job.finished_at === null || job.state === "ready" || job.state === "running") return []
  const facts = { job: job.id, by: job.discarded_by, reason: job.discard_reason, code: deadOf(job) }
  const what = { done: "its job is done", dead: "its job is dead", discarded: "its dead letter was discarded" }
  return [entry(job.finished_at, "job", job.key, `${what[job.state]} (${job.queue})`, facts)]
}
const deadOf = ({ last_error, state }: JobRow) => (state === "dead" ? last_error?.code : undefined)

export const ofJobs = (jobs: ReadonlyArray<JobRow>): ReadonlyArray<Entry> =>
  jobs.flatMap((job) => [
    entry(job.created_at, "job", job.key, `its job was queued (${job.queue})`, { job: job.id }),
    ...job.history.map(({ at, attempt, category, code }) =>
      entry(DateTime.toDateUtc(DateTime.makeUnsafe(at)), "job", job.key, `attempt ${attempt} failed (${job.queue})`, {
        job: job.id,
        code,
        category
      })
    ),
    ...endOf(job)
  ])

interface ReplayRow {
  readonly key: string
  readonly job_id: string
  readonly replay_id: string
  readonly actor: string
  readonly reason: string
  readonly created_at: Date
  readonly result: string
}

export const replaysOf = (
  sql: SqlClient.SqlClient,
  jobs: ReadonlyArray<JobRow>
): Effect.Effect<ReadonlyArray<Entry>, SqlError.SqlError> =>
  Effect.map(
    sql<ReplayRow>`
      select j.key, i.job_id::text, r.id::text as replay_id, r.actor, r.reason, r.created_at, i.result
      from replay_items i join replays r on r.id = i.replay_id join jobs j on j.id = i.job_id
      where i.job_id = any(${jobs.map(({ id }) => id)}::bigint[]) order by r.id desc limit 100`,
    (rows) =>
      rows.map(({ actor, created_at, job_id, key, reason, replay_id, result }) =>
        entry(created_at, "operator", key, "its dead letter was given back", {
          job: job_id,
          replay: replay_id,
          by: actor,
          reason,
          result
        })
      )
  )
