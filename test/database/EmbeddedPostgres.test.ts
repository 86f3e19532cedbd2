/** The embedded server as other processes see it: what survives a kill, what is left behind, who may not have it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { connections, defaultLimits } from "../../src/database/connections.ts"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { serverPid, temporaryFolder } from "./privateCluster.ts"
import { realClock } from "./testDatabase.ts"

const often = Schedule.spaced("10 millis")
/** A second and less; the rest is for a machine that does much else. */
const soonMillis = 5_000
const isAlive = (pid: number) => fs.existsSync(`/proc/${pid}`)
const answers = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = net.connect(port, "127.0.0.1")
    const answer = (value: boolean) => {
      socket.destroy()
      resume(Effect.succeed(value))
    }
    socket.once("connect", () => answer(true)).once("error", () => answer(false))
  })

interface Line {
  readonly port: number
  readonly url: string
  readonly failed?: string
  readonly pid?: number
}

/** Another process, in a group of its own as if in another terminal. */
const owner = Effect.fnUntraced(function* (directory: string) {
  const script = fileURLToPath(new URL("embeddedOwner.ts", import.meta.url))
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [script, directory], { detached: true, stdio: ["ignore", "pipe", "inherit"] })
    ),
    (child: ChildProcess) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const line = yield* Effect.callback<Line>((resume) => {
    child.stdout?.once("data", (data) => resume(Effect.succeed(JSON.parse(String(data)) as Line)))
  })
  return { child, line }
})

const connect = (url: string) =>
  connections({ url: Redacted.make(url), applicationName: "test", maxConnections: 1, limits: defaultLimits })
const quietly = { onProgress: () => Effect.void }

/** One directory for all tests: each finds it as the one before left it, which is what this file is about. */
class Folder extends Context.Service<Folder, string>()("holdfast/test/Folder") {
  static readonly layer = Layer.effect(
    Folder,
    Effect.map(temporaryFolder, (folder) => path.join(folder, "pg"))
  )
}

layer(Folder.layer)("the embedded server", (it) => {
  it.effect("is created where it was asked for, says so, and asks for its password", () =>
    Effect.gen(function* () {
      const directory = yield* Folder
      const lines: Array<string> = []
      const onProgress = (line: string) => Effect.sync(() => void lines.push(line))
      const server = yield* EmbeddedPostgres.start({ directory, onProgress })
      expect(lines).toEqual([`creating the database in ${directory} (once)`])
      expect(fs.statSync(path.join(directory, "holdfast.password")).mode & 0o777).toBe(0o600)
      const sql = yield* connect(Redacted.value(server.url))
      yield* sql`create table kept as select 42 as n`
      const url = new URL(Redacted.value(server.url))
      url.password = "guessed"
      const stranger = yield* connect(url.href)
      expect((yield* Effect.flip(stranger`select 1`)).reason._tag).toBe("AuthenticationError")
    }).pipe(Effect.scoped, Effect.provide(realClock))
  )

  it.effect("keeps rows out of its log", () =>
    Effect.gen(function* () {
      const directory = yield* Folder
      const server = yield* EmbeddedPostgres.start({ directory, ...quietly })
      const sql = yield* connect(Redacted.value(server.url))
      yield* sql`create table notes (text text primary key)`
      const canary = "canary@example.com"
      yield* sql`insert into notes values (${canary})`
      yield* Effect.flip(sql`insert into notes values (${canary})`)
      yield* Effect.flip(sql.unsafe(`select '${canary}'::int`))
      expect(fs.readFileSync(path.join(directory, "server.log"), "utf8")).not.toContain(canary)
    }).pipe(Effect.scoped, Effect.provide(realClock))
  )

  it.effect("belongs to one process: a second one is told which, and Ctrl-C in a terminal does not stop it", () =>
    Effect.gen(function* () {
      const directory = yield* Folder
      const { child, line } = yield* owner(directory)
      process.kill(-(child.pid ?? 0), "SIGINT")
      const error = yield* Effect.flip(EmbeddedPostgres.start({ directory, ...quietly }))
      expect(error).toMatchObject({ reason: "in_use", pid: serverPid(directory) })
      expect(yield* answers(line.port)).toBe(true)
    }).pipe(Effect.scoped, Effect.provide(realClock))
  )

  it.effect("is gone soon after kill -9 of its owner", () =>
    Effect.gen(function* () {
      const { child, line } = yield* owner(yield* Folder)
      const pid = serverPid(yield* Folder)
      process.kill(child.pid ?? 0, "SIGKILL")
      const started = performance.now()
      yield* Effect.repeat(answers(line.port), { until: (yes) => !yes, schedule: often })
      yield* Effect.repeat(
        Effect.sync(() => isAlive(pid)),
        { until: (alive) => !alive, schedule: often }
      )
      expect(performance.now() - started).toBeLessThan(soonMillis)
    }).pipe(Effect.scoped, Effect.provide(realClock))
  )

  it.effect("is taken over at once from an owner that was just killed, rows and all", () =>
    Effect.gen(function* () {
      const directory = yield* Folder
      const { child } = yield* owner(directory)
      process.kill(child.pid ?? 0, "SIGKILL")
      const started = performance.now()
      const server = yield* EmbeddedPostgres.start({ directory, ...quietly })
      expect(performance.now() - started).toBeLessThan(soonMillis)
      const sql = yield* connect(Redacted.value(server.url))
      expect(yield* sql`select n from kept`).toEqual([{ n: 42 }])
    }).pipe(Effect.scoped, Effect.provide(realClock))
  )

  it.effect.runIf(process.getuid?.() === 0)("runs as the user whose directory it is when root starts it", () =>
    Effect.gen(function* () {
      const directory = yield* Folder
      const { gid, uid } = fs.statSync(directory)
      const own = (owner: string) => spawnSync("chown", ["-R", owner, directory])
      yield* Effect.acquireRelease(
        Effect.sync(() => own("12345:12345")),
        () => Effect.sync(() => own(`${uid}:${gid}`))
      )
      yield* EmbeddedPostgres.start({ directory, ...quietly })
      expect(fs.statSync(`/proc/${serverPid(directory)}`).uid).toBe(12345)
    }).pipe(Effect.scoped, Effect.provide(realClock))
  )

  it.effect("starts again after kill -9 of the server itself", () =>
    Effect.gen(function* () {
      const directory = yield* Folder
      yield* EmbeddedPostgres.start({ directory, ...quietly })
      process.kill(serverPid(directory), "SIGKILL")
      const server = yield* EmbeddedPostgres.start({ directory, ...quietly })
      const sql = yield* connect(Redacted.value(server.url))
      expect(yield* sql`select n from kept`).toEqual([{ n: 42 }])
    }).pipe(Effect.scoped, Effect.provide(realClock))
  )
})

it.effect("refuses a directory of another version, and one that is not its own", () =>
  Effect.gen(function* () {
    const directory = yield* temporaryFolder
    fs.writeFileSync(path.join(directory, "PG_VERSION"), "9\n")
    const other = yield* Effect.flip(EmbeddedPostgres.start({ directory, ...quietly }))
    expect(other.reason).toBe("wrong_version")
    const [, major = ""] = /PostgreSQL (\d+) was found/.exec(other.message) ?? []
    fs.writeFileSync(path.join(directory, "PG_VERSION"), `${major}\n`)
    expect((yield* Effect.flip(EmbeddedPostgres.start({ directory, ...quietly }))).reason).toBe("not_ours")
  }).pipe(Effect.scoped, Effect.provide(realClock))
)
