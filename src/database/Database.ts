/**
 * The database: statements and transactions, each bounded in time, each failing only with what a caller can act on.
 *
 * Run the statements of one body one after the other: a body holds one connection's place in the pool.
 * A call made inside a body joins it: same place, same deadline, and a transaction inside a transaction is a savepoint.
 * Do not use the database from a fiber that a transaction's body forked and left behind.
 * Its timers run on the clock that the layer was built with, because a server does not wait for a test's clock.
 */
import { Context, Effect, Layer, type Redacted, type Stream } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { connections, defaultLimits, type DatabaseLimits } from "./connections.ts"
import { CallTally } from "./callTally.ts"
import { makeCalls } from "./calls.ts"
import type { DatabaseUnavailable, QueryTimeout, StartupDatabaseUnreachable } from "./errors.ts"
import { DatabaseHealth, watchHealth } from "./DatabaseHealth.ts"
import { listenTo } from "./notifications.ts"
import { OperatorsDatabase } from "./OperatorsDatabase.ts"
import { poolReadings } from "./poolReadings.ts"
import { probe } from "./startupProbe.ts"
import { registerReadings } from "../telemetry/readings.ts"

export interface DatabaseOptions extends Partial<DatabaseLimits> {
  readonly url: Redacted.Redacted
}

/** Each channel that is listened to holds a connection; these are apart from the pool. */
const maxListeners = 8
/** One operator, one check of the invariants, and the kill switches, which must work while all others wait. */
const operatorsPoolSize = 3

export class Database extends Context.Service<
  Database,
  {
    /**
     * One or more statements that change nothing: a server that is read-only or full answers them still, and a lost
     * connection leaves no doubt about what was done. Whether that is so is the caller's to know.
     */
    readonly read: <A, E, R>(
      name: string,
      body: (sql: SqlClient.SqlClient) => Effect.Effect<A, E | SqlError.SqlError, R>
    ) => Effect.Effect<A, Exclude<E, SqlError.SqlError> | DatabaseUnavailable | QueryTimeout, R>
    /**
     * One or more statements without a transaction of their own (they join the fiber's open one).
     * `name` is what logs and metrics call it; never put a value into it.
     */
    readonly query: <A, E, R>(
      name: string,
      body: (sql: SqlClient.SqlClient) => Effect.Effect<A, E | SqlError.SqlError, R>
    ) => Effect.Effect<A, Exclude<E, SqlError.SqlError> | DatabaseUnavailable | QueryTimeout, R>
    /**
     * A READ COMMITTED transaction: all of it or nothing. Repeated as a whole on deadlock and serialization failure,
     * so `body` must have no effect outside of the database. A savepoint when a transaction is open.
     */
    readonly transaction: <A, E, R>(
      name: string,
      body: (sql: SqlClient.SqlClient) => Effect.Effect<A, E | SqlError.SqlError, R>
    ) => Effect.Effect<A, Exclude<E, SqlError.SqlError> | DatabaseUnavailable | QueryTimeout, R>
    /** Runs after the open transaction has committed (at once when none is open). Lost when the process dies between. */
    readonly afterCommit: (effect: Effect.Effect<void>) => Effect.Effect<void>
    /** Notifications of a channel from now on. Listens again by itself; what was sent while it could not is lost. */
    readonly listen: (channel: string) => Stream.Stream<string>
  }
>()("holdfast/database/Database") {
  /** Fails unless the database answers within `startupMillis`. */
  static readonly layer = (
    options: DatabaseOptions
  ): Layer.Layer<Database | DatabaseHealth | OperatorsDatabase, StartupDatabaseUnreachable> =>
    Layer.effectContext(
      Effect.gen(function* () {
        const limits = { ...defaultLimits, ...options }
        const open = (applicationName: string, maxConnections: number) =>
          connections({ url: options.url, applicationName, maxConnections, limits })
        const pool = yield* open("holdfast", limits.poolSize)
        yield* probe(pool, limits.startupMillis)
        const tally = new CallTally()
        const { circuit, health } = yield* watchHealth(yield* open("holdfast-health", 1), limits.pingMillis, {
          tally,
          size: limits.poolSize
        })
        const calls = yield* makeCalls(pool, circuit, limits, tally)
        yield* registerReadings(poolReadings(tally, limits.poolSize))
        const listen = listenTo(yield* open("holdfast-listen", maxListeners))
        const operatorsPool = yield* open("holdfast-operators", operatorsPoolSize)
        const operatorsLimits = { ...limits, poolSize: operatorsPoolSize }
        const operators = yield* makeCalls(operatorsPool, circuit, operatorsLimits, new CallTally())
        return Context.make(Database, Database.of({ ...calls, listen })).pipe(
          Context.add(DatabaseHealth, health),
          Context.add(OperatorsDatabase, OperatorsDatabase.of(operators))
        )
      })
    )
}
