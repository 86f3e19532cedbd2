/**
 * Brings the database's schema up to what this program needs, or refuses to start without it.
 *
 * Any number of nodes may start together: one migrates, the others wait for it and find nothing to do.
 * All that is pending is one transaction, applied whole or not at all; so `create index concurrently` cannot be used.
 * `check` never changes anything: in production a node does not migrate by itself.
 */
import * as fs from "node:fs"
import { Context, Effect, Layer, type Redacted, type Scope } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { connections } from "./connections.ts"
import { serverFields } from "./constraints.ts"
import { Database } from "./Database.ts"
import {
  type DatabaseUnavailable,
  MigrationRefused,
  type QueryTimeout,
  SchemaNotCurrent,
  StartupDatabaseUnreachable
} from "./errors.ts"
import {
  type Applied,
  type Migration,
  migrationsDirectory,
  pendingMigrations,
  readMigrations,
  titles
} from "./migrationFiles.ts"
import { sqlErrorIn } from "./sqlFailures.ts"

export interface MigrationsOptions {
  readonly url: Redacted.Redacted
  readonly mode: "auto" | "check"
  readonly directory?: string
  /** Default: a log line at INFO. */
  readonly onProgress?: (line: string) => Effect.Effect<void>
}

/** A migration may rewrite a large table, and a node waits for another that does; neither waits for ever. */
const limits = {
  connectMillis: 2_000,
  lockMillis: 120_000,
  statementMillis: 600_000,
  silenceMillis: 610_000,
  idleInTransactionMillis: 60_000
}

/** Any number that no other program on the database uses for its own advisory lock. */
const lockKey = 4_072_381_559

const appliedTo = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
  const [table] = yield* sql<{ present: boolean }>`select to_regclass('schema_migrations') is not null as present`
  if (table?.present !== true) return []
  return yield* sql<Applied>`select id, name from schema_migrations order by id`
})

const apply = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, { file, id, name }: Migration) {
  // One statement may hold several only inside of a string, so the file becomes the argument of an EXECUTE.
  const text = fs.readFileSync(file, "utf8")
  yield* sql.unsafe(`do $holdfast$ begin execute $migration$${text}$migration$; end $holdfast$`)
  yield* sql`insert into schema_migrations (id, name) values (${id}, ${name})`
})

const refusal = (migration: string, error: SqlError.SqlError) => {
  const { code } = serverFields(error)
  // Nobody refused anything: the next start finds out whether the commit was heard.
  if (error.reason._tag === "ConnectionError") return new StartupDatabaseUnreachable({ reason: "connection_lost" })
  const reason = error.reason._tag === "LockTimeoutError" ? "locked" : "failed"
  return new MigrationRefused({ reason, migration, ...(typeof code === "string" ? { sqlState: code } : {}) })
}

const migrateWith = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  migrations: ReadonlyArray<Migration>,
  onProgress: (line: string) => Effect.Effect<void>
) {
  let current = titles(migrations)[0] ?? "0001"
  const work = Effect.gen(function* () {
    yield* sql`select pg_advisory_xact_lock(${lockKey})`
    yield* sql`create table if not exists schema_migrations (
      id int primary key, name text not null, applied_at timestamptz not null default now())`
    const pending = yield* pendingMigrations(migrations, yield* appliedTo(sql))
    if (pending.length > 0) yield* onProgress(`migrating the database: ${titles(pending).join(", ")}`)
    for (const migration of pending) {
      current = titles([migration])[0] ?? current
      yield* apply(sql, migration)
    }
    return titles(pending)
  })
  return yield* sql.withTransaction(work).pipe(
    Effect.catchCause(
      (cause): Effect.Effect<never, MigrationRefused | StartupDatabaseUnreachable | SqlError.SqlError> => {
        const error = sqlErrorIn(cause)
        return error === undefined ? Effect.failCause(cause) : Effect.fail(refusal(current, error))
      }
    ),
    Effect.catchTag("SqlError", (error) => Effect.fail(refusal(current, error)))
  )
})

const migrate = Effect.fn("Migrations.migrate")(function* (
  options: MigrationsOptions
): Effect.fn.Return<
  ReadonlyArray<string>,
  MigrationRefused | SchemaNotCurrent | StartupDatabaseUnreachable,
  Scope.Scope
> {
  const migrations = yield* readMigrations(options.directory ?? migrationsDirectory)
  const sql = yield* connections({ url: options.url, applicationName: "holdfast-migrate", maxConnections: 1, limits })
  if (options.mode === "auto") return yield* migrateWith(sql, migrations, options.onProgress ?? Effect.logInfo)
  const applied = yield* appliedTo(sql).pipe(
    Effect.catchTag("SqlError", () => Effect.fail(new StartupDatabaseUnreachable({ reason: "unreachable" })))
  )
  const pending = yield* pendingMigrations(migrations, applied)
  if (pending.length > 0) return yield* new SchemaNotCurrent({ pending: titles(pending) })
  return []
}, Effect.scoped)

export class Migrations extends Context.Service<
  Migrations,
  {
    /** Whether the database has all that this program needs: for readiness. */
    readonly current: Effect.Effect<boolean, DatabaseUnavailable | QueryTimeout>
  }
>()("holdfast/database/Migrations") {
  /** Applies what is pending (`auto`) and answers its titles, or fails with them (`check`). */
  static readonly migrate = migrate

  /** What needs the schema is built on this layer. */
  static readonly layer = (options: MigrationsOptions) =>
    Layer.effect(
      Migrations,
      Effect.gen(function* () {
        const database = yield* Database
        yield* migrate(options)
        const migrations = yield* readMigrations(options.directory ?? migrationsDirectory)
        const current = database.read("migrations.applied", appliedTo).pipe(
          Effect.flatMap((applied) => pendingMigrations(migrations, applied)),
          Effect.map((pending) => pending.length === 0),
          Effect.catchTag("MigrationRefused", () => Effect.succeed(false))
        )
        return Migrations.of({ current })
      })
    )
}
