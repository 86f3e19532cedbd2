/** The sandbox's process: what it has promised outlives it, and it outlives nobody. */
import { spawn } from "node:child_process"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer, Logger, Option, Redacted, Schedule } from "effect"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"

const form = { amount: "4200", currency: "usd", capture_method: "manual", payment_method: "pm_card_visa" }

/** A write as the provider's clients send it; repeated while nobody listens. */
const post = (path: string, key: string, parameters: Record<string, string> = {}) =>
  Effect.flatMap(Sandbox, ({ baseUrl, secretKey }) =>
    Effect.tryPromise(async () => {
      const answer = await fetch(new URL(path, baseUrl), {
        method: "POST",
        headers: { authorization: `Bearer ${Redacted.value(secretKey)}`, "idempotency-key": key },
        body: new URLSearchParams(parameters)
      })
      const replayed = answer.headers.get("idempotent-replayed")
      return { status: answer.status, replayed, body: (await answer.json()) as { readonly id: string } }
    }).pipe(Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "15 seconds" }))))
  )

const isAlive = (pid: number) =>
  Effect.sync(() => {
    try {
      process.kill(pid, 0)
      return true
    } catch {
      return false
    }
  })
const until = (condition: Effect.Effect<boolean>) =>
  Effect.repeat(condition, { until: (yes) => yes, schedule: Schedule.spaced("20 millis") })

const temporaryFolder = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  fs.makeTempDirectoryScoped({ prefix: "holdfast-sandbox-" })
)

layer(Layer.merge(NodeServices.layer, Logger.layer([])), { excludeTestServices: true, timeout: "30 seconds" })(
  "the sandbox",
  (it) => {
    it.effect("killed and started again gives the same answers on the same port and charges nobody twice", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const dataDir = yield* temporaryFolder
        yield* Effect.gen(function* () {
          const sandbox = yield* Sandbox
          const created = yield* post("/v1/payment_intents", "k:create", { ...form, "metadata[order_id]": "ord_1" })
          const confirm = post(`/v1/payment_intents/${created.body.id}/confirm`, "k:confirm")
          const first = yield* confirm
          const pid = Option.getOrThrow(Option.fromUndefinedOr(yield* sandbox.pid))
          process.kill(pid, "SIGKILL")
          yield* until(Effect.map(isAlive(pid), (alive) => !alive))
          const again = yield* confirm
          assert.strictEqual(again.replayed, "true")
          assert.deepStrictEqual(again.body, first.body)
          yield* post(`/v1/payment_intents/${created.body.id}/capture`, "k:capture")
          assert.notStrictEqual(yield* sandbox.pid, pid)
        }).pipe(Effect.provide(Sandbox.layer({ dataDir, port: 0 })))
        const ledger = yield* fs.readFileString(`${dataDir}/sandbox/ledger.jsonl`)
        const entries = ledger
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as { type: string; amount: number })
        assert.deepStrictEqual(
          entries.map(({ amount, type }) => [type, amount]),
          [
            ["authorized", 4200],
            ["captured", 4200]
          ]
        )
      })
    )

    it.effect("ends with its scope", () =>
      Effect.gen(function* () {
        const dataDir = yield* temporaryFolder
        const pid = yield* Effect.flatMap(Sandbox, (sandbox) => sandbox.pid).pipe(
          Effect.provide(Sandbox.layer({ dataDir, port: 0 }))
        )
        assert.isFalse(yield* isAlive(pid ?? 0))
      })
    )

    it.effect("ends when the process that started it is killed", () =>
      Effect.gen(function* () {
        const dataDir = yield* temporaryFolder
        const owner = yield* startOwner(dataDir)
        assert.isTrue(yield* isAlive(owner.sandboxPid))
        process.kill(owner.pid, "SIGKILL")
        yield* until(Effect.map(isAlive(owner.sandboxPid), (alive) => !alive)).pipe(Effect.timeout("5 seconds"))
      })
    )

    it.effect("whose port is taken does not start, and says so", () =>
      Effect.gen(function* () {
        const dataDir = yield* temporaryFolder
        const { port } = yield* takenPort
        const error = yield* Effect.flip(Effect.provide(Sandbox, Sandbox.layer({ dataDir, port })))
        assert.strictEqual(error._tag, "SandboxNotStarted")
      })
    )
  }
)

const takenPort = Effect.acquireRelease(
  Effect.callback<ReturnType<typeof createServer>>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
).pipe(Effect.map((server) => server.address() as AddressInfo))

/** A process that owns a sandbox and prints the sandbox's pid. */
const startOwner = (dataDir: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly pid: number; readonly sandboxPid: number }>((resume) => {
      const entry = fileURLToPath(new URL("./owner.ts", import.meta.url))
      const child = spawn(process.execPath, [entry, dataDir], { stdio: ["ignore", "pipe", "inherit"] })
      child.stdout.setEncoding("utf8").once("data", (text: string) => {
        resume(Effect.succeed({ pid: child.pid ?? 0, sandboxPid: Number(text) }))
      })
    }),
    ({ pid }) =>
      Effect.map(isAlive(pid), (alive) => {
        if (alive) process.kill(pid, "SIGKILL")
      })
  )
