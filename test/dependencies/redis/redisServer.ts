/**
 * A real `redis-server` of a test's own, on a free port, that keeps nothing: it can be killed, frozen, and started anew at
 * the same address. It ends with the scope.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { connect } from "node:net"
import { Effect, Redacted } from "effect"
import { eventually } from "../../eventually.ts"
import { freePort } from "../../main/freePort.ts"
import { isInstalled } from "./program.ts"

/** Why tests of the real server are not run, if they are not. */
export const withoutRedis = isInstalled() ? undefined : "there is no redis-server on this machine"

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
    yield* eventually(answers(port), (is) => is, { every: "20 millis", within: "10 seconds" })
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
