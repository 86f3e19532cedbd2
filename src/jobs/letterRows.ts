/** How dead letters are read from the table of jobs. */
import { DateTime } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import type { DeadLetter, Failure, LetterFilter, LetterGroup, Replay, ReplayResult } from "./DeadLetter.ts"
import type { JobFailure } from "./Job.ts"

export interface LetterRow {
  readonly id: string
  readonly queue: string
  readonly key: string
  readonly last_error: JobFailure | null
  readonly attempts: number
  readonly replays: number
  readonly woken: boolean
  readonly created_at: Date
  readonly first_failed_at: Date
  readonly last_failed_at: Date
}
export interface DetailRow extends LetterRow {
  readonly payload: Readonly<Record<string, string>>
  readonly history: ReadonlyArray<Failure>
}
export interface GroupRow {
  readonly queue: string
  readonly code: string
  readonly category: JobFailure["category"]
  readonly count: number
  readonly first_failed_at: Date
  readonly last_failed_at: Date
  readonly sample: string
}
export interface ReplayRow {
  readonly id: string
  readonly actor: string
  readonly reason: string
  readonly per_second: number
  readonly items: number
  readonly created_at: Date
  readonly finished_at: Date | null
}

export const letterColumns = (sql: SqlClient.SqlClient) => sql`
  id::text, queue, key, last_error, attempts, replays, wake <> wake_seen as woken, created_at, first_failed_at, last_failed_at`

/** The condition for a filter, on `jobs`. */
export const matching = (sql: SqlClient.SqlClient, filter: LetterFilter): Statement.Fragment =>
  sql.and([
    sql`state = 'dead'`,
    ...(filter.ids === undefined ? [] : [sql`id = any(${filter.ids}::bigint[])`]),
    ...(filter.queue === undefined ? [] : [sql`queue = ${filter.queue}`]),
    ...(filter.code === undefined ? [] : [sql`last_error ->> 'code' = ${filter.code}`]),
    ...(filter.failedAfter === undefined ? [] : [sql`last_failed_at >= ${DateTime.toDateUtc(filter.failedAfter)}`]),
    ...(filter.failedBefore === undefined ? [] : [sql`last_failed_at < ${DateTime.toDateUtc(filter.failedBefore)}`])
  ])

const at = DateTime.fromDateUnsafe

export const toLetter = (row: LetterRow): DeadLetter => ({
  id: row.id,
  queue: row.queue,
  key: row.key,
  code: row.last_error?.code ?? "Unknown",
  category: row.last_error?.category ?? "permanent",
  attempts: row.attempts,
  replays: row.replays,
  woken: row.woken,
  createdAt: at(row.created_at),
  firstFailedAt: at(row.first_failed_at),
  lastFailedAt: at(row.last_failed_at)
})

export const toGroup = ({ first_failed_at, last_failed_at, ...row }: GroupRow): LetterGroup => ({
  ...row,
  firstFailedAt: at(first_failed_at),
  lastFailedAt: at(last_failed_at)
})

export const toReplay = (
  { created_at, finished_at, per_second, ...row }: ReplayRow,
  counted: ReadonlyArray<{ readonly result: ReplayResult; readonly count: number }>
): Replay => ({
  ...row,
  perSecond: per_second,
  createdAt: at(created_at),
  releasedAt: finished_at === null ? undefined : at(finished_at),
  results: {
    waiting: 0,
    released: 0,
    done: 0,
    dead: 0,
    skipped: 0,
    ...Object.fromEntries(counted.map(({ count, result }) => [result, count]))
  }
})
