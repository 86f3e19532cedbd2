/**
 * A PostgreSQL server of one scenario's own, synced to disk, that can be frozen, killed, told to stop and started again.
 *
 * It keeps its port and its password through all of its lives. Everything is gone with the scope.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Exit, Redacted, Result, Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { eventually } from "../eventually.ts"
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

/** A folder on a volume of its own in memory, which can be full. Only root may mount one. */
const volume = (megabytes: number) =>
  Effect.tap(temporaryFolder, (folder) =>
    Effect.acquireRelease(
      Effect.sync(
        () => void execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=711`, "tmpfs", folder])
      ),
      () => Effect.sync(() => void execFileSync("umount", ["-l", folder]))
    )
  )

/** A few shops at once, each with its pools, the judge's, and what a killed shop's connections still take up. */
const settings = { max_connections: "200" }
const silent = () => Effect.void

export interface PostgresOptions {
  readonly settings?: Readonly<Record<string, string>>
  /** Its data is on a volume of this size, in memory. Needs root. */
  readonly volumeMegabytes?: number
  /** A second server follows it, synchronously: what is acknowledged is on both. */
  readonly standby?: boolean
}

export interface Postgres {
  readonly url: string
  readonly directory: string
  /** Every process of the server, the postmaster first; empty while it is down. */
  readonly processes: Effect.Effect<ReadonlyArray<number>>
  /** All of its processes stop where they are until the scope closes: sockets stay open, nobody answers. */
  readonly freeze: Effect.Effect<void, never, Scope.Scope>
  /** kill -9 of the server and everyone in it. */
  readonly kill: Effect.Effect<void>
  /** It ends in order: what is open is rolled back and cut off. */
  readonly stop: Effect.Effect<void>
  /** After `kill` or `stop`. Takes requests when it returns. */
  readonly start: Effect.Effect<void>
  /** Only with a standby: it takes over when this one was killed, at the same address. This one never comes back. */
  readonly failOver: Effect.Effect<void>
  /** A connection of the superuser's, past the wire, until the scope closes. */
  readonly superuser: Effect.Effect<PgClient.PgClient, never, Scope.Scope>
}

const superuserOf = (url: Redacted.Redacted) =>
  PgClient.make({ url, maxConnections: 1, applicationName: "chaos" }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.orDie
  )

/** What is said to this port is said to that one. */
const forwarded = (port: number, to: number) =>
  Effect.acquireRelease(
    Effect.callback<net.Server>((resume) => {
      const server = net.createServer((client) => {
        const further = net.connect(to, "127.0.0.1")
        client.pipe(further).pipe(client)
        client.on("error", () => further.destroy())
        further.on("error", () => client.destroy())
      })
      server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  )

/** A copy of the running server's data that follows it from then on. The server waits for it with each commit. */
const standbyOf = Effect.fnUntraced(
  function* (
    { directory, port, url }: EmbeddedPostgres["Service"],
    settings: Readonly<Record<string, string>>,
    owner: Scope.Scope
  ) {
    const copy = `${directory}-standby`
    const sql = yield* superuserOf(url)
    yield* sql`select pg_backup_start('standby', true)`
    execFileSync("cp", ["-a", directory, copy])
    for (const ofTheOther of ["postmaster.pid", "postmaster.opts"]) fs.rmSync(path.join(copy, ofTheOther))
    const [stopped] = yield* sql<{ labelfile: string }>`select labelfile from pg_backup_stop()`
    const { gid, uid } = fs.statSync(copy)
    for (const [name, text] of Object.entries({ backup_label: stopped?.labelfile ?? "", "standby.signal": "" })) {
      fs.writeFileSync(path.join(copy, name), text, { mode: 0o600 })
      fs.chownSync(path.join(copy, name), uid, gid)
    }
    const { password, username } = new URL(Redacted.value(url))
    const primary_conninfo = `host=127.0.0.1 port=${port} user=${username} password=${password}`
    const server = yield* EmbeddedPostgres.start({
      directory: copy,
      settings: { ...settings, primary_conninfo },
      onProgress: silent
    }).pipe(Scope.provide(owner))
    yield* sql`alter system set synchronous_standby_names = '*'`
    yield* sql`select pg_reload_conf()`
    yield* eventually(sql`select from pg_stat_replication where sync_state = 'sync'`, (rows) => rows.length > 0)
    return server
  },
  Effect.scoped,
  Effect.orDie
)

export const privatePostgres = Effect.fnUntraced(function* (options: PostgresOptions) {
  const owner = yield* Effect.scope
  const megabytes = options.volumeMegabytes
  const home = path.join(yield* megabytes === undefined ? temporaryFolder : volume(megabytes), "pg")
  const begin = Effect.fnUntraced(function* (port?: number) {
    const scope = yield* Scope.fork(owner)
    const server = yield* EmbeddedPostgres.start({
      directory: home,
      settings: { ...settings, ...options.settings },
      onProgress: silent,
      ...(port === undefined ? {} : { port })
    }).pipe(Scope.provide(scope), Effect.orDie)
    return { scope, server }
  })
  let life = yield* begin()
  const { directory, port, url } = life.server
  const standby =
    options.standby === true ? yield* standbyOf(life.server, { ...settings, ...options.settings }, owner) : undefined
  const processes = Effect.sync(() => {
    const file = path.join(directory, "postmaster.pid")
    if (!fs.existsSync(file)) return []
    return familyOf(Number(fs.readFileSync(file, "utf8").split("\n")[0]))
  })
  const signal = (signal: NodeJS.Signals) =>
    Effect.map(processes, (all) => {
      // A connection's process may have ended in the meantime.
      for (const { pid } of all) Result.try(() => process.kill(pid, signal))
      return all
    })
  const kill = Effect.gen(function* () {
    yield* stillThere(yield* signal("SIGKILL"), "10 seconds")
    yield* Scope.close(life.scope, Exit.void)
  })
  return {
    url: Redacted.value(url),
    directory,
    processes: Effect.map(processes, (all) => all.map(({ pid }) => pid)),
    freeze: Effect.asVoid(Effect.acquireRelease(signal("SIGSTOP"), () => signal("SIGCONT"))),
    kill,
    stop: Effect.suspend(() => Scope.close(life.scope, Exit.void)),
    start: Effect.gen(function* () {
      life = yield* begin(port)
    }),
    failOver: Effect.gen(function* () {
      if (standby === undefined) return yield* Effect.die(new Error("this scenario has no standby"))
      const sql = yield* superuserOf(standby.url)
      yield* sql`select pg_promote(true, 30)`
      yield* Scope.provide(forwarded(port, standby.port), owner)
    }).pipe(Effect.scoped, Effect.orDie),
    superuser: superuserOf(url)
  } satisfies Postgres
})
