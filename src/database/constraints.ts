/**
 * Turns a broken constraint into the domain error that it stands for, in the repository that owns the table.
 *
 *     sql`insert into users …`.pipe(onConstraint("users_email_key", () => new EmailTaken({})))
 *
 * For unique, foreign key, check and exclusion constraints by their name; for not null by `table.column`.
 * Inside a transaction the statement's failure ends the transaction: to go on after it, nest a `transaction` around it.
 * A broken constraint that nobody names is a bug, and becomes a defect.
 */
import { Effect } from "effect"
import { SqlError } from "effect/sql"

interface ServerFields {
  readonly code?: unknown
  readonly constraint?: unknown
  readonly table?: unknown
  readonly column?: unknown
  readonly message?: unknown
  /** Of the server's own source, in which it failed. */
  readonly routine?: unknown
}

/** What PostgreSQL said, field by field. `detail` is left out: it quotes rows. */
export const serverFields = (error: SqlError.SqlError): ServerFields =>
  typeof error.reason.cause === "object" && error.reason.cause !== null ? error.reason.cause : {}

const breaks = (error: unknown, name: string): error is SqlError.SqlError => {
  if (!SqlError.isSqlError(error)) return false
  const { code, column, constraint, table } = serverFields(error)
  if (typeof code !== "string" || !code.startsWith("23")) return false
  return constraint === name || (code === "23502" && `${String(table)}.${String(column)}` === name)
}

export const onConstraint =
  <E2>(name: string, error: () => E2) =>
  <A, E, R>(statement: Effect.Effect<A, E, R>): Effect.Effect<A, E | E2, R> =>
    Effect.catchIf(
      statement,
      (failure): failure is E => breaks(failure, name),
      (): Effect.Effect<A, E | E2, R> => Effect.fail(error())
    )
