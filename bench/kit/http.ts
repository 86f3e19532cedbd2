/**
 * What the kit adds to a real call: the client's CPU per request over loopback HTTP, bare and guarded, in turns.
 *
 * The server is a process of its own, so that its work is not counted. Keep-alive, 32 requests at a time.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { Agent, request } from "node:http"
import { Effect } from "effect"
import { Backoff, Dependency, TransientFailure } from "../../src/resilience/index.ts"
import { median } from "./measure.ts"

const requests = 4000
const atOnce = 32
const rounds = 12
const warmUps = 2

const server = `
  const { createServer } = require("node:http")
  const server = createServer((_, answer) => answer.end('{"ok":true}'))
  server.listen(0, "127.0.0.1", () => process.send(server.address().port))
  process.on("disconnect", () => process.exit(0))
`

const started = async (): Promise<{ readonly child: ChildProcess; readonly port: number }> => {
  const child = spawn(process.execPath, ["-e", server], { stdio: ["ignore", "inherit", "inherit", "ipc"] })
  const [port] = await once(child, "message")
  return { child, port: Number(port) }
}

const get = (port: number, agent: Agent): Effect.Effect<string, TransientFailure> =>
  Effect.callback((resume) => {
    const sent = request({ host: "127.0.0.1", port, agent, path: "/" }, (answer) => {
      let body = ""
      answer.setEncoding("utf8")
      answer.on("data", (part: string) => (body += part))
      answer.on("end", () => resume(Effect.succeed(body)))
    })
    sent.on("error", () => resume(Effect.fail(new TransientFailure({ reason: "reset", sent: "maybe" }))))
    sent.end()
    return Effect.sync(() => sent.destroy())
  })

const cost = async (call: Effect.Effect<unknown, unknown>): Promise<number> => {
  const before = process.cpuUsage()
  await Effect.runPromise(
    Effect.forEach(Array.from({ length: requests }), () => call, { concurrency: atOnce, discard: true })
  )
  const { user, system } = process.cpuUsage(before)
  return (user + system) / requests
}

/** Microseconds of CPU per request. */
export const measureHttp = Effect.gen(function* () {
  const { port } = yield* Effect.acquireRelease(Effect.promise(started), ({ child }) =>
    Effect.promise(async () => {
      const exited = once(child, "exit")
      child.disconnect()
      await exited
    })
  )
  const agent = yield* Effect.acquireRelease(
    Effect.sync(() => new Agent({ keepAlive: true, maxSockets: atOnce })),
    (agent) => Effect.sync(() => agent.destroy())
  )
  const dependency = yield* Dependency.make("loopback", {
    deadline: "10 seconds",
    attemptTimeout: "2 seconds",
    attempts: 3,
    backoff: Backoff.full({ base: "50 millis", cap: "1 second" }),
    concurrency: 100,
    breaker: { consecutive: 5, openFor: "5 seconds" }
  })
  const bare = get(port, agent)
  const guarded = dependency.call(bare, { kind: "read" })
  const turns = [
    ["bare", bare],
    ["guarded", guarded]
  ] as const
  const seen = { bare: [] as Array<number>, guarded: [] as Array<number> }
  for (let round = 0; round < warmUps + rounds; round++) {
    for (const [name, call] of round % 2 === 0 ? turns : turns.toReversed()) {
      const micros = yield* Effect.promise(() => cost(call))
      if (round >= warmUps) seen[name].push(micros)
    }
  }
  return { bare: median(seen.bare), guarded: median(seen.guarded) }
})
