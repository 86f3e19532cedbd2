/**
 * A process that owns an embedded PostgreSQL until it is killed: the tests of what it leaves behind start it.
 *
 * Takes the data directory; prints one line of JSON when the server is ready, or with the failure.
 */
import { Console, Effect, Redacted } from "effect"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"

const directory = process.argv[2] ?? ""
const print = (line: object) => Console.log(JSON.stringify(line))

// Ctrl-C reaches every process of the terminal's group; this one outlives it, to show that its server does too.
process.on("SIGINT", () => undefined)

EmbeddedPostgres.start({ directory, onProgress: () => Effect.void }).pipe(
  Effect.andThen(({ port, url }) => Effect.andThen(print({ port, url: Redacted.value(url) }), Effect.never)),
  Effect.catchTag("EmbeddedPostgresFailed", ({ message, pid, reason }) => print({ failed: reason, pid, message })),
  Effect.scoped,
  Effect.runFork
)
