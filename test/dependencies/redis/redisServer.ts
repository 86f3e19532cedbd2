/**
 * A real `redis-server` of a test's own, on a free port, that keeps nothing: it can be killed, frozen, and started anew at
 * the same address. It ends with the scope.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createServer, type AddressInfo, connect } from "node:net"
import { Effect, Redacted, Schedule } from "effect"

/** As root, the distribution's package may still be had. */
const found = (): boolean => {
  if (spawnSync("redis-server", ["--version"]).status === 0) return true
  if (process.getuid?.() !== 0) return false
  return spawnSync("apt-get", ["install", "-y", "redis-server"], { timeout: 60_000 }).status === 0
}

/** Why tests of the real server are not run, if they are not. */
export const withoutRedis = found() ? undefined : "there is no redis-server on this machine"

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

const answers = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"))
    const done = (is: boolean) => {
      socket.destroy()
      resume(Effect.succeed(is))
    }
    socket.once("data", () => done(true))
    socket.once("error", () => done(false))
  })

export const redisServer = Effect.gen(function* () {
  const port = yield* freePort
  let child: ChildProcess | undefined
  const kill = Effect.sync(() => void child?.kill("SIGKILL"))
  const start = Effect.gen(function* () {
    child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], {
      stdio: "ignore"
    })
    yield* Effect.repeat(answers(port), {
      until: (is) => is,
      schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))
    })
  })
  yield* Effect.addFinalizer(() => kill)
  yield* start
  return {
    url: Redacted.make(`redis://127.0.0.1:${port}`),
    start,
    kill,
    freeze: Effect.sync(() => void child?.kill("SIGSTOP")),
    thaw: Effect.sync(() => void child?.kill("SIGCONT"))
  }
})
