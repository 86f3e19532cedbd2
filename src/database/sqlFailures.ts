/**
 * One table from SQLSTATE to what a caller may know: `DatabaseUnavailable`, `QueryTimeout`, or a defect (a bug of ours).
 *
 * A connection lost inside a transaction reaches us as a defect, because the rollback on the dead socket fails too;
 * it is turned back into a typed failure here.
 * Neither failure nor defect carries the driver's error: its `detail` quotes rows, and they would reach the log.
 */
import { Cause, Effect } from "effect"
import { SqlError } from "effect/sql"
import { serverFields } from "./constraints.ts"
import { DatabaseUnavailable, QueryTimeout, type UnavailableReason } from "./errors.ts"
import { noAnswerCode } from "./watchedSocket.ts"

export type Outcome = DatabaseUnavailable["outcome"]

const bySqlState: Readonly<Record<string, UnavailableReason | "timeout">> = {
  "40P01": "deadlock",
  "40001": "serialization",
  "55P03": "lock_timeout",
  "57014": "timeout",
  "25P03": "timeout",
  "25P04": "timeout",
  "57P01": "connection",
  "57P02": "connection",
  "57P03": "starting",
  "57P04": "connection",
  "57P05": "connection",
  "3D000": "connection",
  "53100": "disk_full",
  "58030": "disk_full",
  "53000": "too_many_connections",
  "53200": "too_many_connections",
  "53300": "too_many_connections",
  "53400": "too_many_connections",
  "25006": "read_only",
  [noAnswerCode]: "no_answer"
}

/** An outage lasts seconds at least; a busy moment is over sooner. */
const retryAfterSeconds = (reason: UnavailableReason): number =>
  ["pool_exhausted", "lock_timeout", "deadlock", "serialization"].includes(reason) ? 1 : 5

export const unavailable = (reason: UnavailableReason, outcome: Outcome): DatabaseUnavailable =>
  new DatabaseUnavailable({ reason, outcome, retryAfterSeconds: retryAfterSeconds(reason) })

/** What PL/pgSQL's RAISE says is up to whoever wrote the function: it may quote a row, also as a constraint's name. */
const raised = "exec_stmt_raise"

/** Only for the log: a sentence about a bug. The server's own messages of class 42 name columns and types, never values. */
const defect = (name: string, error: SqlError.SqlError): Error => {
  const { code, constraint, message, routine } = serverFields(error)
  if (typeof code !== "string") return new Error(`Database operation ${name} failed: ${error.message}`)
  if (routine === raised) return new Error(`Database operation ${name} failed with SQLSTATE ${code}`)
  const more = code.startsWith("42") ? `: ${String(message)}` : typeof constraint === "string" ? `: ${constraint}` : ""
  return new Error(`Database operation ${name} failed with SQLSTATE ${code}${more}`)
}

const classify = (error: SqlError.SqlError): UnavailableReason | "timeout" | "bug" => {
  const { code } = serverFields(error)
  const known = typeof code === "string" ? bySqlState[code] : undefined
  if (known !== undefined) return known
  // A password that stopped working is an outage at run time; at startup the probe names it.
  const away = error.reason._tag === "ConnectionError" || error.reason._tag === "AuthenticationError"
  // The only failure to connect without a code is the connect timeout.
  const silent = away && code === undefined && error.reason.operation === "connect"
  return silent ? "no_answer" : away ? "connection" : "bug"
}

/** Refused before the statement was sent, or answered by the server: then nothing happened, whatever was going on. */
const certainlyNothing = (error: SqlError.SqlError, reason: UnavailableReason): boolean =>
  error.reason.operation === "connect" || !["connection", "no_answer"].includes(reason)

const toFailure = (
  name: string,
  error: SqlError.SqlError,
  outcome: Outcome
): Effect.Effect<never, DatabaseUnavailable | QueryTimeout> => {
  const reason = classify(error)
  if (reason === "bug") return Effect.die(defect(name, error))
  if (reason === "timeout") return Effect.fail(new QueryTimeout())
  return Effect.fail(unavailable(reason, certainlyNothing(error, reason) ? "none" : outcome))
}

const isBug = (reason: Cause.Reason<unknown>): boolean =>
  Cause.isDieReason(reason) && !SqlError.isSqlError(reason.defect)

/** The database's error in the cause of a transaction, where a failed rollback turns every failure into a defect. */
export const sqlErrorIn = (cause: Cause.Cause<unknown>): SqlError.SqlError | undefined => {
  const dies = cause.reasons.filter(Cause.isDieReason).map((reason): unknown => reason.defect)
  const fails = cause.reasons.filter(Cause.isFailReason).map((reason) => reason.error)
  return [...dies, ...(dies.length === 0 ? fails : [])].find(SqlError.isSqlError)
}

/** Every `SqlError`, failed or died of, becomes one of ours; everything else passes. `outcome` is asked when it happens. */
export const typedFailures =
  (name: string, outcome: () => Outcome, bodyHadBug: () => boolean) =>
  <A, E, R>(
    self: Effect.Effect<A, E, R>
  ): Effect.Effect<A, Exclude<E, SqlError.SqlError> | DatabaseUnavailable | QueryTimeout, R> =>
    Effect.catchCause(
      self,
      (cause): Effect.Effect<never, Exclude<E, SqlError.SqlError> | DatabaseUnavailable | QueryTimeout> => {
        const error = bodyHadBug() ? undefined : sqlErrorIn(cause)
        return error === undefined
          ? Effect.failCause(cause as Cause.Cause<Exclude<E, SqlError.SqlError>>)
          : toFailure(name, error, outcome())
      }
    )

/** Remembers whether `self` had a bug of its own: after a failed rollback its cause no longer tells. */
export const watchForBugs = <A, E, R>(self: Effect.Effect<A, E, R>, found: () => void): Effect.Effect<A, E, R> =>
  Effect.tapCause(self, (cause) => Effect.sync(() => cause.reasons.some(isBug) && found()))
