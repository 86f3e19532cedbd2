/**
 * The sandbox's process: the fake providers for everyone who has no real ones.
 *
 *     node src/sandbox/main.ts --data-dir .data/sandbox --port 3002
 *
 * Prints one line `{"ready":true,"port":…}` once it takes requests. It ends when its standard input does, so it cannot
 * outlive whoever started it; it leaves Ctrl-C to them, and SIGTERM stops it. Exit codes: 0 stopped, 1 could not go on.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, Layer } from "effect"
import * as HttpServer from "effect/http/HttpServer"
import { parseArgs } from "node:util"
import { Book } from "./payments/Book.ts"
import { sandboxSecretKey } from "./credentials.ts"
import { server } from "./server.ts"

const { values } = parseArgs({
  options: { "data-dir": { type: "string", default: ".data/sandbox" }, port: { type: "string", default: "3002" } }
})

const program = Effect.gen(function* () {
  const { address } = yield* HttpServer.HttpServer
  const book = yield* Book
  const port = "port" in address ? address.port : 0
  process.stdout.write(`${JSON.stringify({ ready: true, port })}\n`)
  return yield* book.broken
}).pipe(
  Effect.provide(
    server({ dataDir: values["data-dir"], port: Number(values.port), secretKey: sandboxSecretKey }).pipe(
      Layer.provide(NodeServices.layer)
    )
  )
)

const fiber = Effect.runFork(program)
fiber.addObserver((exit) => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) process.exit(0)
  process.stderr.write(`${JSON.stringify({ level: "FATAL", message: Cause.pretty(exit.cause) })}\n`)
  process.exit(1)
})

process.on("SIGINT", () => {})
process.on("SIGTERM", () => fiber.interruptUnsafe())
process.stdin
  .on("end", () => process.exit(0))
  .on("error", () => process.exit(0))
  .resume()
