/** How much waits in every queue, and for how long. */
import { DateTime, Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { QueueStatus } from "./Job.ts"

interface StatusRow {
  readonly queue: string
  readonly ready: number
  readonly delayed: number
  readonly running: number
  readonly dead: number
  readonly oldest_seconds: number
  readonly paused_at: Date | null
  readonly paused_by: string | null
  readonly pause_reason: string | null
}

export const queueStatuses = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyArray<QueueStatus>, SqlError.SqlError> =>
  Effect.map(
    sql<StatusRow>`
      with counted as (
        select queue,
          count(*) filter (where state = 'ready' and run_at <= now())::int as ready,
          count(*) filter (where state = 'ready' and run_at > now())::int as delayed,
          count(*) filter (where state = 'running')::int as running,
          count(*) filter (where state = 'dead')::int as dead,
          coalesce(extract(epoch from now() - min(run_at) filter (where state = 'ready' and run_at <= now())), 0)::int
            as oldest_seconds
        from jobs where state in ('ready', 'running', 'dead') group by queue)
      select queue, coalesce(ready, 0) as ready, coalesce(delayed, 0) as delayed, coalesce(running, 0) as running,
        coalesce(dead, 0) as dead, coalesce(oldest_seconds, 0) as oldest_seconds, paused_at, paused_by, pause_reason
      from counted full join queues using (queue)
      order by queue`,
    (rows) => rows.map(toStatus)
  )

const toStatus = ({ oldest_seconds, paused_at, paused_by, pause_reason, ...row }: StatusRow): QueueStatus => ({
  ...row,
  oldestSeconds: oldest_seconds,
  paused:
    paused_at === null
      ? undefined
      : { at: DateTime.fromDateUnsafe(paused_at), actor: paused_by ?? "", reason: pause_reason ?? "" }
})
