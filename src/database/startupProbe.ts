/**
 * The first question to the database: a pool opens without one, also towards a port where nobody listens.
 *
 * Repeated while the server may still be coming up; wrong credentials and a missing database end it at once.
 */
import { Effect, Schedule } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { serverFields } from "./constraints.ts"
import { StartupDatabaseUnreachable } from "./errors.ts"

const schedule = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")]).pipe(Schedule.jittered)

const reasonOf = (error: SqlError.SqlError): StartupDatabaseUnreachable["reason"] => {
  const { code } = serverFields(error)
  if (typeof code !== "string") return "unreachable"
  if (code.startsWith("28")) return "credentials_refused"
  return (
    ({ "3D000": "no_such_database", "57P03": "starting", "53300": "too_many_connections" } as const)[code] ??
    "unreachable"
  )
}

const willPass = (error: StartupDatabaseUnreachable) =>
  error.reason !== "credentials_refused" && error.reason !== "no_such_database"

export const probe = (
  sql: SqlClient.SqlClient,
  withinMillis: number
): Effect.Effect<void, StartupDatabaseUnreachable> => {
  let last: StartupDatabaseUnreachable["reason"] = "unreachable"
  return sql`select 1`.pipe(
    Effect.mapError((error) => {
      last = reasonOf(error)
      return new StartupDatabaseUnreachable({ reason: last })
    }),
    Effect.retry({ while: willPass, schedule }),
    Effect.timeoutOrElse({
      duration: withinMillis,
      orElse: () => Effect.fail(new StartupDatabaseUnreachable({ reason: last }))
    }),
    Effect.asVoid
  )
}
