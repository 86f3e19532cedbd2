/**
 * A real PostgreSQL server of this process's own, for development and tests: nothing to install, nothing left behind.
 *
 * Listens on 127.0.0.1 only and asks for a random password. The first start creates the database (a second or so),
 * later starts take it up again, after a crash too. Ends with its scope, and also when this process is killed.
 * Not for production: one process owns it, and nobody backs it up.
 */
import * as net from "node:net"
import { Context, Effect, Layer, Redacted, Schedule, type Scope } from "effect"
import { EmbeddedPostgresFailed } from "./errors.ts"
import { findPostgres } from "./postgresBinaries.ts"
import { prepareData, superuser } from "./postgresData.ts"
import { runPostgres } from "./postgresProcess.ts"

export interface EmbeddedPostgresOptions {
  /** The data directory, made when it is missing. */
  readonly directory: string
  /** Default: a free one. */
  readonly port?: number
  /** `false` switches every sync to disk off: fast, and lost with the machine. For tests. */
  readonly durable?: boolean
  readonly settings?: Readonly<Record<string, string>>
  /** Default: a log line at INFO. */
  readonly onProgress?: (line: string) => Effect.Effect<void>
}

/** ERROR messages and statements may quote values of rows, so the server's own log has neither. */
const quiet = { log_min_messages: "log", log_min_error_statement: "panic", log_error_verbosity: "terse" }
const local = { listen_addresses: "127.0.0.1", unix_socket_directories: "", logging_collector: "off" }
const volatile = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }

const freePort: Effect.Effect<number, EmbeddedPostgresFailed> = Effect.callback((resume) => {
  const server = net.createServer()
  const message = "No free port was found on 127.0.0.1."
  server.once("error", () => resume(Effect.fail(new EmbeddedPostgresFailed({ reason: "not_started", message }))))
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** The last processes of a crashed server are still ending, or the free port was taken in the meantime. */
const willPass = ({ message, reason }: EmbeddedPostgresFailed) =>
  reason === "not_started" && /shared memory|lock file|TCP\/IP/.test(message)
const again = Schedule.spaced("200 millis").pipe(Schedule.upTo({ times: 15 }))

export class EmbeddedPostgres extends Context.Service<
  EmbeddedPostgres,
  {
    readonly url: Redacted.Redacted
    readonly port: number
    readonly directory: string
  }
>()("holdfast/database/EmbeddedPostgres") {
  /** Ready when it returns, gone when the scope has closed. */
  static readonly start = Effect.fn("EmbeddedPostgres.start")(function* (
    options: EmbeddedPostgresOptions
  ): Effect.fn.Return<EmbeddedPostgres["Service"], EmbeddedPostgresFailed, Scope.Scope> {
    const durable = options.durable ?? true
    const onProgress = options.onProgress ?? Effect.logInfo
    const found = yield* findPostgres
    const data = yield* prepareData({ directory: options.directory, binaries: found, durable, onProgress })
    const { binaries, directory, password } = data
    const settings = { ...(durable ? {} : volatile), ...options.settings, ...quiet, ...local }
    const run = Effect.gen(function* () {
      const port = options.port ?? (yield* freePort)
      yield* runPostgres({ binaries, dataDirectory: directory, port, settings })
      return port
    })
    const port = yield* Effect.retry(run, { while: willPass, schedule: again })
    const url = Redacted.make(`postgres://${superuser}:${password}@127.0.0.1:${port}/postgres`)
    return EmbeddedPostgres.of({ url, port, directory })
  })

  static readonly layer = (options: EmbeddedPostgresOptions) =>
    Layer.effect(EmbeddedPostgres, EmbeddedPostgres.start(options))
}
