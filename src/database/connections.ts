/**
 * How this program connects to PostgreSQL: every limit on a connection and on a statement, with its reason.
 *
 * The server enforces the statement's limits (startup parameters), the watched socket a server that does not answer,
 * and `Database` the rest. They only work in this order: lock < statement < silence < call.
 * Behind a pooler in transaction mode (pgbouncer) startup parameters and prepared statements are refused: connect past it.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { StartupDatabaseUnreachable } from "./errors.ts"
import { addressOf, watchedSocket } from "./watchedSocket.ts"

export interface DatabaseLimits {
  /** Connections of this node: more than a few per core of the server only queue inside the server. */
  readonly poolSize: number
  /**
   * The part of the pool that all jobs of the node have together, at least one connection: with all of it, the jobs that
   * run when a provider is back make orders wait for a quarter of a second; with half, a sixth fewer orders are finished
   * when the node does nothing else (`npm run chaos`: payments-flapping, metastable-payments).
   */
  readonly jobsShare: number
  /** A request waits this long for one of them; then it is better told to come back. */
  readonly acquireMillis: number
  readonly connectMillis: number
  /** A row is locked for one short transaction at a time; longer means a pile-up. */
  readonly lockMillis: number
  /** Below the deadline of the slowest request (5 s), so that the answer can still say what happened. */
  readonly statementMillis: number
  /** A transaction whose program is stuck must not hold its locks. */
  readonly idleInTransactionMillis: number
  /** Longer than a statement may take: only a server that is frozen or unreachable stays silent for so long. */
  readonly silenceMillis: number
  /** A call returns by now, whatever the server and the network do. */
  readonly callMillis: number
  /** How often the database is asked whether it answers, and how long it has to: a healthy one needs a millisecond. */
  readonly pingMillis: number
  /** A statement that is slower gets a line in the log and a count. */
  readonly slowMillis: number
  /** A node that starts beside its database waits for it this long. */
  readonly startupMillis: number
}

export const defaultLimits: DatabaseLimits = {
  poolSize: 10,
  jobsShare: 0.7,
  acquireMillis: 500,
  connectMillis: 2_000,
  lockMillis: 2_000,
  statementMillis: 3_000,
  idleInTransactionMillis: 5_000,
  silenceMillis: 4_000,
  callMillis: 4_500,
  pingMillis: 1_000,
  slowMillis: 200,
  startupMillis: 15_000
}

export interface ConnectionsOptions {
  readonly url: Redacted.Redacted
  readonly applicationName: string
  readonly maxConnections: number
  readonly limits: Pick<
    DatabaseLimits,
    "connectMillis" | "silenceMillis" | "lockMillis" | "statementMillis" | "idleInTransactionMillis"
  >
}

/** A pool of its own, opened on first use. Nothing is asked of the server here: probe it. */
export const connections = Effect.fnUntraced(function* ({
  url,
  applicationName,
  limits,
  maxConnections
}: ConnectionsOptions) {
  const address = addressOf(Redacted.value(url))
  if (address === undefined) return yield* new StartupDatabaseUnreachable({ reason: "url_invalid" })
  return yield* PgClient.make({
    url,
    applicationName,
    maxConnections,
    connectTimeout: limits.connectMillis,
    stream: () => watchedSocket(address, limits.silenceMillis),
    startupParameters: {
      statement_timeout: String(limits.statementMillis),
      lock_timeout: String(limits.lockMillis),
      idle_in_transaction_session_timeout: String(limits.idleInTransactionMillis)
    }
  }).pipe(Effect.catchTag("SqlError", () => Effect.fail(new StartupDatabaseUnreachable({ reason: "url_invalid" }))))
}, Effect.provide(Reactivity.layer))
