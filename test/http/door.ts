/**
 * The real door on a real Node server, port 0, over the shop in memory; and a client that shows what is on the wire.
 *
 * Time is real (the server's own timers run below Effect), so tests of it use `it.live` or leave the test services out.
 * What the server logs is kept, in the format of production, and never printed. Each build is a server of its own.
 */
import { NodeCrypto } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { Context, DateTime, Duration, Effect, Layer, Ref, Schema } from "effect"
import { HttpServer } from "effect/http"
import { randomUUID } from "node:crypto"
import * as http from "node:http"
import * as net from "node:net"
import { api, type ListenOptions, listener } from "../../src/http/Server.ts"
import { Problem } from "../../src/http/Problem.ts"
import { RateLimits } from "../../src/http/RateLimits.ts"
import { DatabaseHealth, type DatabaseStatus } from "../../src/database/DatabaseHealth.ts"
import { Health, type HealthReport } from "../../src/ops/Health.ts"
import { Status } from "../../src/ops/Status.ts"
import { Dependencies } from "../../src/resilience/index.ts"
import { Shop } from "../../src/testing/index.ts"
import * as Logs from "../../src/telemetry/Logs.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"

/** The node's database, as a test wants it. */
export class NodeDatabase extends Context.Service<NodeDatabase, Ref.Ref<DatabaseStatus>>()(
  "holdfast/test/NodeDatabase"
) {
  static readonly layer = Layer.effect(
    NodeDatabase,
    Ref.make<DatabaseStatus>({ up: true, since: DateTime.makeUnsafe(0), readOnly: false })
  )
}

const status = Status.layer.pipe(
  Layer.provide(
    Layer.effect(
      DatabaseHealth,
      Effect.map(NodeDatabase, (database) => ({
        ping: Effect.void,
        status: Ref.get(database),
        snapshot: Effect.die("nobody asks")
      }))
    )
  ),
  Layer.provide(Dependencies.layer)
)

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>
  /** A text is sent as it is; anything else as JSON. With either, the content type is JSON unless given. */
  readonly body?: unknown
}

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

/** What the server wrote to its console. */
export class Written extends Context.Service<Written, Array<string>>()("holdfast/test/Written") {}

/** The node's health, as a test wants it. */
export class NodeHealth extends Context.Service<NodeHealth, Ref.Ref<HealthReport>>()("holdfast/test/NodeHealth") {
  static readonly layer = Layer.effect(
    NodeHealth,
    Ref.make<HealthReport>({ draining: false, checks: { database: { status: "ok" }, migrations: { status: "ok" } } })
  )
}

const health = Layer.effect(
  Health,
  Effect.map(NodeHealth, (report) => ({
    report: Ref.get(report),
    drain: Ref.update(report, (before) => ({ ...before, draining: true }))
  }))
)

export class Door extends Context.Service<
  Door,
  {
    readonly port: number
    readonly send: (method: string, path: string, asked?: Asked) => Effect.Effect<Answer>
    /** These very bytes on a connection of their own; all that comes back until the server ends it. */
    readonly sendBytes: (bytes: string) => Effect.Effect<string>
  }
>()("holdfast/test/Door") {
  static readonly layer = Layer.effect(
    Door,
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const port = "port" in address ? address.port : 0
      const agent = yield* Effect.acquireRelease(
        Effect.sync(() => new http.Agent({ keepAlive: true })),
        (open) => Effect.sync(() => open.destroy())
      )
      return {
        port,
        send: (method, path, asked) => exchange(agent, port, method, path, asked),
        sendBytes: (bytes) => exchangeBytes(port, bytes)
      }
    })
  )
}

const exchange = (agent: http.Agent, port: number, method: string, path: string, asked: Asked = {}) =>
  Effect.callback<Answer>((resume) => {
    const { body } = asked
    const bytes = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body)
    const length = bytes === undefined ? {} : { "content-length": String(Buffer.byteLength(bytes)) }
    const type = bytes === undefined ? {} : { "content-type": "application/json" }
    const headers = { ...type, ...length, ...asked.headers }
    const request = http.request({ agent, host: "127.0.0.1", port, method, path, headers }, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("end", () => {
        const flat = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        const text = Buffer.concat(parts).toString()
        resume(Effect.succeed({ status: response.statusCode ?? 0, headers: Object.fromEntries(flat), text }))
      })
    })
    request.on("error", (error) => resume(Effect.die(error)))
    request.end(bytes)
    return Effect.sync(() => request.destroy())
  })

const exchangeBytes = (port: number, bytes: string) =>
  Effect.callback<string>((resume) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes))
    const parts: Array<Buffer> = []
    socket.on("data", (part: Buffer) => parts.push(part))
    socket.on("close", () => resume(Effect.succeed(Buffer.concat(parts).toString())))
    // A reset after the answer is the server's way of not reading on.
    socket.on("error", () => undefined)
    return Effect.sync(() => socket.destroy())
  })

const keptLogs = (format: Logs.LogFormat) =>
  Layer.unwrap(
    Effect.map(Written, (written) =>
      Logs.layer({ format, level: "Info" }, { writableLength: 0, write: (line) => written.push(line.slice(0, -1)) })
    )
  )

export interface Opened {
  readonly format?: "json" | "pretty"
  readonly grace?: Duration.Input
  readonly arrival?: ListenOptions["arrival"]
  /** Tests send much from one address, so nobody is counted unless they ask for it. */
  readonly limits?: typeof RateLimits.layer
}

const written = Layer.sync(Written, () => [])

/** Something else than the shop's API on the same server. */
export const serving = <A, E, R>(
  served: Layer.Layer<A, E, R>,
  { arrival, format = "json", grace = "5 seconds", limits = RateLimits.layerOff }: Opened = {}
) =>
  Door.layer.pipe(
    Layer.provideMerge(
      Layer.provideMerge(
        Layer.provide(served, limits),
        listener({
          host: "127.0.0.1",
          port: 0,
          grace: Duration.fromInputUnsafe(grace),
          ...(arrival === undefined ? {} : { arrival })
        })
      )
    ),
    Layer.provide([AppSecret.layerMemory, NodeCrypto.layer]),
    Layer.provide(keptLogs(format)),
    Layer.provideMerge(written)
  )

/** The door over other features than the shop in memory, or with another format of logs or another grace. */
export const doorOver = <A, E, R>(features: Layer.Layer<A, E, R>, opened?: Opened) =>
  serving(
    api.pipe(
      Layer.provide(status),
      Layer.provideMerge(features),
      Layer.provide(health),
      Layer.provideMerge(Layer.merge(NodeHealth.layer, NodeDatabase.layer))
    ),
    opened
  )

/** The door over the shop in memory. */
export const openDoor = doorOver(Shop.layerMemory)

export const send = (method: string, path: string, asked?: Asked) =>
  Effect.flatMap(Door, (door) => door.send(method, path, asked))

export const sendBytes = (bytes: string) => Effect.flatMap(Door, (door) => door.sendBytes(bytes))

/** The answer in what came over a raw connection. */
export const parsed = (bytes: string): Answer => {
  const [head = "", text = ""] = bytes.split(/\r\n\r\n(.*)/s)
  const [first = "", ...lines] = head.split("\r\n")
  const headers = lines.map((line) => line.split(": ")).map(([name = "", value = ""]) => [name.toLowerCase(), value])
  return { status: Number(first.split(" ")[1]), headers: Object.fromEntries(headers), text }
}

// What a body holds is the test's own claim: it asserts on it right away.
// oxlint-disable-next-line typescript/no-explicit-any
export const json = (answer: Answer): any => JSON.parse(answer.text)

const decodeProblem = Schema.decodeUnknownSync(Problem)

/** The problem in an answer, after everything that holds for all problems was checked. */
export const problemIn = (answer: Answer): Problem => {
  assert.isAtLeast(answer.status, 400)
  assert.strictEqual(answer.headers["content-type"], "application/problem+json")
  assert.strictEqual(answer.headers["cache-control"], "no-store")
  const problem = decodeProblem(JSON.parse(answer.text), { onExcessProperty: "error", errors: "all" })
  const id = answer.headers["request-id"] ?? ""
  assert.match(id, /^req_[0-9a-f]{32}$/)
  assert.deepStrictEqual(
    [problem.status, problem.request_id, problem.instance, problem.type],
    [answer.status, id, `/requests/${id}`, `/problems/${problem.code}`]
  )
  assert.match(problem.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  const wait = answer.headers["retry-after"]
  assert.strictEqual(wait, problem.retry_after === undefined ? undefined : String(problem.retry_after))
  if (answer.status === 429 || answer.status === 503) assert.match(wait ?? "", /^([1-9]|[1-5]\d|60)$/)
  if (problem.side_effects === "committed") assert.match(problem.resource ?? "", /^\/v1\//)
  if (problem.side_effects === "unknown") assert.strictEqual(problem.retry, "same_key")
  return problem
}

/** The problem of a request that must be refused in this way. */
export const refusal = Effect.fnUntraced(function* (
  [status, code]: readonly [number, string],
  method: string,
  path: string,
  asked?: Asked
) {
  const answer = yield* send(method, path, asked)
  const problem = problemIn(answer)
  assert.deepStrictEqual([problem.status, problem.code], [status, code], answer.text)
  return { ...answer, problem }
})

/** Where and what kind, of every field that was refused. */
export const fieldsOf = (problem: Problem) =>
  (problem.errors ?? []).map((field) => `${field.in} ${field.pointer} ${field.code}`).sort()

/** Someone new, signed up and logged in. */
export const member = Effect.gen(function* () {
  const person = { email: `${randomUUID()}@example.com`, password: `pass ${randomUUID()}`, name: "A Person" }
  const user = yield* send("POST", "/v1/users", { body: person })
  assert.strictEqual(user.status, 201, user.text)
  const { email, password } = person
  const session = yield* send("POST", "/v1/sessions", { body: { email, password } })
  assert.strictEqual(session.status, 201, session.text)
  const token = String(json(session).token)
  return { ...person, id: String(json(user).id), token, headers: { authorization: `Bearer ${token}` } }
})

export const newKey = () => ({ "idempotency-key": randomUUID() })

/** What the server has logged so far. */
export const logged: Effect.Effect<ReadonlyArray<LogLine>, never, Written> = Effect.map(Written, (lines) =>
  lines.map((line) => JSON.parse(line) as LogLine)
)
