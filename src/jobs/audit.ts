/** One row for everything that an operator changes: who, what, why. Written in the transaction of the change. */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { By } from "./Job.ts"

export interface Action extends By {
  readonly action: string
  readonly target: string
  readonly detail?: Readonly<Record<string, string | number>>
}

export const recordAction = (sql: SqlClient.SqlClient, done: Action): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`
    insert into operator_actions (actor, action, target, reason, detail)
    values (${done.actor}, ${done.action}, ${done.target}, ${done.reason}, ${JSON.stringify(done.detail ?? {})}::jsonb)`)
