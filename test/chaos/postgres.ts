/**
 * A PostgreSQL server of one scenario's own, synced to disk, that can be frozen, killed and started again.
 *
 * It keeps its port and its password through all of its lives. Everything is gone with the scope.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, Exit, Redacted, Scope } from "effect"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { familyOf, stillThere } from "../main/processTree.ts"

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-chaos-"))
    // The server may run as another user, and must get through to its data.
    fs.chmodSync(folder, 0o711)
    return folder
  }),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

/** A few shops at once, each with its pools, the judge's, and what a killed shop's connections still take up. */
const settings = { max_connections: "200" }
const silent = () => Effect.void

export interface Postgres {
  readonly url: string
  readonly directory: string
  /** Every process of the server, the postmaster first; empty while it is down. */
  readonly processes: Effect.Effect<ReadonlyArray<number>>
  /** All of its processes stop where they are until the scope closes: sockets stay open, nobody answers. */
  readonly freeze: Effect.Effect<void, never, Scope.Scope>
  /** kill -9 of the server and everyone in it. */
  readonly kill: Effect.Effect<void>
  /** After `kill`. Takes requests when it returns. */
  readonly start: Effect.Effect<void>
}

export const privatePostgres = Effect.gen(function* () {
  const owner = yield* Effect.scope
  const home = path.join(yield* temporaryFolder, "pg")
  const begin = Effect.fnUntraced(function* (port?: number) {
    const scope = yield* Scope.fork(owner)
    const options = { directory: home, settings, onProgress: silent, ...(port === undefined ? {} : { port }) }
    const server = yield* EmbeddedPostgres.start(options).pipe(Scope.provide(scope), Effect.orDie)
    return { scope, server }
  })
  let life = yield* begin()
  const { directory, port, url } = life.server
  const processes = Effect.sync(() => {
    const file = path.join(directory, "postmaster.pid")
    if (!fs.existsSync(file)) return []
    return familyOf(Number(fs.readFileSync(file, "utf8").split("\n")[0]))
  })
  const signal = (signal: NodeJS.Signals) =>
    Effect.map(processes, (all) => {
      for (const { pid } of all) process.kill(pid, signal)
      return all
    })
  return {
    url: Redacted.value(url),
    directory,
    processes: Effect.map(processes, (all) => all.map(({ pid }) => pid)),
    freeze: Effect.asVoid(Effect.acquireRelease(signal("SIGSTOP"), () => signal("SIGCONT"))),
    kill: Effect.gen(function* () {
      yield* stillThere(yield* signal("SIGKILL"), "10 seconds")
      yield* Scope.close(life.scope, Exit.void)
    }),
    start: Effect.gen(function* () {
      life = yield* begin(port)
    })
  } satisfies Postgres
})
