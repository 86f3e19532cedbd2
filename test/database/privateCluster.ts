/**
 * A PostgreSQL server that one test file may freeze, kill and restart, and a wire to it that can be cut.
 *
 * Not the run's shared server, which other files are using at the same time.
 */
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { Context, Effect, Layer, Redacted, Schedule, type Scope } from "effect"
import type { Database } from "../../src/database/Database.ts"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { realClock } from "./testDatabase.ts"

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-test-"))
    // The server may run as another user, and must get through to its data.
    fs.chmodSync(folder, 0o711)
    return folder
  }),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

export const serverPid = (directory: string): number =>
  Number(fs.readFileSync(path.join(directory, "postmaster.pid"), "utf8").split("\n")[0])

export const childrenOf = (pid: number): ReadonlyArray<number> =>
  fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number)

/** What the kernel says of a process; nothing when there is none any more. */
const statusOf = (pid: number): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/status`, "utf8")
  } catch {
    return "" // it has ended meanwhile
  }
}

/** A process may run on for a moment after it was told to stop, and fork a child that nobody stops. */
const stopped = (pid: number) =>
  Effect.suspend(() => {
    if (statusOf(pid) === "") return Effect.void
    process.kill(pid, "SIGSTOP")
    return Effect.repeat(
      Effect.sync(() => !/^State:\s+[^TZ]/m.test(statusOf(pid))),
      { until: (is) => is, schedule: Schedule.spaced("1 millis") }
    )
  })

/** Every process of the server in this directory stands still until the scope closes. */
export const frozen = (directory: string) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const pid = serverPid(directory)
      yield* stopped(pid)
      const all = childrenOf(pid)
      yield* Effect.forEach(all, stopped)
      return [pid, ...all]
    }),
    (all) =>
      Effect.sync(() => {
        for (const pid of all) if (statusOf(pid) !== "") process.kill(pid, "SIGCONT")
      })
  )

export class PrivateCluster extends Context.Service<
  PrivateCluster,
  {
    readonly url: Redacted.Redacted
    readonly directory: string
    /** Every process of the server stops where it is until the scope closes: sockets stay open, nobody answers. */
    readonly freeze: Effect.Effect<void, never, Scope.Scope>
  }
>()("holdfast/test/PrivateCluster") {
  static readonly layer = Layer.effect(
    PrivateCluster,
    Effect.gen(function* () {
      const directory = path.join(yield* temporaryFolder, "pg")
      const server = yield* EmbeddedPostgres.start({ directory, durable: false, onProgress: () => Effect.void })
      const freeze = Effect.provide(frozen(directory), realClock)
      return PrivateCluster.of({ url: server.url, directory, freeze })
    })
  ).pipe(Layer.provide(realClock))
}

/** A URL that leads to the same server over a wire which is cut when `text` passes, after the server has got it. */
export const cutAfter = Effect.fnUntraced(function* (url: Redacted.Redacted, text: string) {
  const target = new URL(Redacted.value(url))
  const { hostname, port: serverPort } = target
  const proxy = net.createServer((client) => {
    const server = net.connect(Number(serverPort), hostname)
    server.on("data", (chunk) => client.write(chunk))
    client.on("data", (chunk) => {
      server.write(chunk)
      if (chunk.includes(text)) client.destroy()
    })
    for (const [from, to] of [[client, server] as const, [server, client] as const]) {
      from.on("error", () => to.destroy())
      from.on("close", () => to.end())
    }
  })
  const port = yield* Effect.callback<number>((resume) => {
    proxy.listen(0, "127.0.0.1", () => resume(Effect.succeed((proxy.address() as net.AddressInfo).port)))
  })
  yield* Effect.addFinalizer(() => Effect.sync(() => proxy.close()))
  target.port = String(port)
  return Redacted.make(target.href)
})

/**
 * The server takes no writes until the scope closes, on connections that are open as on new ones. The postmaster tells
 * its processes one after another: it holds once ten looks in a row, over whichever connection, have seen it.
 */
export const takingNoWrites = (database: Database["Service"]) => {
  const set = (change: string, is: "on" | "off") =>
    Effect.gen(function* () {
      yield* database.query("test.alter", (sql) =>
        Effect.andThen(sql.unsafe(`alter system ${change}`), sql`select pg_reload_conf()`)
      )
      let seen = 0
      const look = database.query(
        "test.look",
        (sql) => sql<{ is: string }>`
        select current_setting('default_transaction_read_only') as is, pg_sleep(0.002)`
      )
      yield* Effect.repeat(look, { until: ([row]) => (seen = row?.is === is ? seen + 1 : 0) === 10 })
    }).pipe(Effect.orDie)
  return Effect.acquireRelease(set("set default_transaction_read_only = on", "on"), () =>
    set("reset default_transaction_read_only", "off")
  )
}
