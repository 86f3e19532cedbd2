/**
 * Every way in which the database can fail a caller, and every way in which it can keep a node from starting.
 *
 * None of these carries a driver's text, a constraint's or table's name, a value of a row, a host or a password:
 * they are logged and shown as they are. Domain errors (`EmailTaken`) come from `constraints.ts` instead.
 * `outcome` is "unknown" when a write may have happened all the same: read it back by its key before doing it again.
 */
import { Runtime, Schema } from "effect"

export const UnavailableReason = Schema.Literals([
  "connection",
  "starting",
  "too_many_connections",
  "read_only",
  "disk_full",
  "no_answer",
  "pool_exhausted",
  "lock_timeout",
  "deadlock",
  "serialization"
])
export type UnavailableReason = typeof UnavailableReason.Type

const downReasons: ReadonlySet<UnavailableReason> = new Set<UnavailableReason>([
  "connection",
  "starting",
  "too_many_connections",
  "read_only",
  "disk_full",
  "no_answer"
])

const explanations: Record<UnavailableReason, string> = {
  connection: "The database cannot be reached",
  starting: "The database is starting or shutting down",
  too_many_connections: "The database accepts no more connections",
  read_only: "The database accepts no writes",
  disk_full: "The database has no space left",
  no_answer: "The database does not answer",
  pool_exhausted: "All of this node's connections to the database are in use",
  lock_timeout: "Another operation holds what this one needs",
  deadlock: "This operation kept colliding with others",
  serialization: "This operation kept colliding with others"
}

/** `down` tells an outage of the database (the spool may take over) from a busy moment (the caller tries again). */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()("DatabaseUnavailable", {
  reason: UnavailableReason,
  outcome: Schema.Literals(["none", "unknown"]),
  retryAfterSeconds: Schema.Int
}) {
  readonly category = "transient" as const
  get down(): boolean {
    return downReasons.has(this.reason)
  }
  /** An outage of the writing side alone: what only reads is answered. */
  get stillReads(): boolean {
    return this.reason === "read_only" || this.reason === "disk_full"
  }
  override get message(): string {
    const advice =
      this.outcome === "unknown" ? "whether it was done is not known: repeat it with the same key" : "try again"
    return `${explanations[this.reason]}; ${advice} in ${this.retryAfterSeconds} s.`
  }
}

/** A statement, a call, or a transaction that sat idle took longer than it may. Trying again at once rarely helps. */
export class QueryTimeout extends Schema.TaggedError<QueryTimeout>()("QueryTimeout", {}) {
  readonly category = "transient" as const
  override get message(): string {
    return "This took the database too long and was given up. Try again later, and a write with the same key."
  }
}

/** EX_UNAVAILABLE of sysexits: a supervisor starts the node again until the database answers. */
const exitUnavailable = 69
/** EX_CONFIG of sysexits: starting again does not help before a person has done something. */
const exitConfiguration = 78

export class StartupDatabaseUnreachable extends Schema.TaggedError<StartupDatabaseUnreachable>()(
  "StartupDatabaseUnreachable",
  {
    reason: Schema.Literals([
      "unreachable",
      "credentials_refused",
      "no_such_database",
      "starting",
      "too_many_connections",
      "connection_lost",
      "url_invalid"
    ])
  }
) {
  readonly category = "fatal" as const
  override readonly [Runtime.errorExitCode] = exitUnavailable
  override get message(): string {
    const what = {
      unreachable: "did not answer in time",
      credentials_refused: "refused the user or the password",
      no_such_database: "has no database of that name",
      starting: "was still starting when the time was up",
      too_many_connections: "accepts no more connections",
      connection_lost: "was lost while its schema was looked after",
      url_invalid: "cannot be found: the address is not a postgres:// URL"
    }[this.reason]
    return `The database that DATABASE_URL names ${what}. Check DATABASE_URL and that the server runs, then start again.`
  }
}

export class EmbeddedPostgresFailed extends Schema.TaggedError<EmbeddedPostgresFailed>()("EmbeddedPostgresFailed", {
  reason: Schema.Literals(["no_binaries", "in_use", "not_ours", "wrong_version", "unreachable_folder", "not_started"]),
  message: Schema.String,
  pid: Schema.optionalKey(Schema.Int)
}) {
  readonly category = "fatal" as const
  override readonly [Runtime.errorExitCode] = exitUnavailable
}

export class SchemaNotCurrent extends Schema.TaggedError<SchemaNotCurrent>()("SchemaNotCurrent", {
  pending: Schema.Array(Schema.String)
}) {
  readonly category = "fatal" as const
  override readonly [Runtime.errorExitCode] = exitConfiguration
  override get message(): string {
    return `The database lacks ${this.pending.join(", ")}. Run "npm run migrate", then start again.`
  }
}

/** The files in migrations/ and what was applied contradict each other, or a migration failed: nothing was applied. */
export class MigrationRefused extends Schema.TaggedError<MigrationRefused>()("MigrationRefused", {
  reason: Schema.Literals(["bad_name", "gap", "duplicate", "out_of_order", "renamed", "failed", "locked"]),
  migration: Schema.String,
  sqlState: Schema.optionalKey(Schema.String)
}) {
  readonly category = "fatal" as const
  override readonly [Runtime.errorExitCode] = exitConfiguration
  override get message(): string {
    const what = {
      bad_name: "is not named NNNN_name.sql",
      gap: "has no predecessor: ids are consecutive, from 0001",
      duplicate: "has the id of another migration",
      out_of_order: "is older than one that was applied already: give it the next id",
      renamed: "was applied under another name: give the file its old name back",
      failed: `failed in the database (SQLSTATE ${this.sqlState ?? "unknown"})`,
      locked: "could not begin: another node has been migrating for too long"
    }[this.reason]
    return `Migration ${this.migration} ${what}. Nothing was applied.`
  }
}

/** What can keep a node from starting, on the database's side. */
export type DatabaseStartupError =
  | StartupDatabaseUnreachable
  | EmbeddedPostgresFailed
  | SchemaNotCurrent
  | MigrationRefused
