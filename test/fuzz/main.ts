/**
 * `npm run fuzz`: every operation of a running shop's two OpenAPI documents, asked in every way that nobody meant.
 *
 *     npm run fuzz -- [--seed 42] [--requests 6000] [--concurrency 16]
 *
 * Exits 1, with a command that repeats the request, when an answer breaks the contract, and when the shop is worse off
 * than before: dead, without an order for a customer, with open connections or memory that it did not have.
 */
import { NodeCrypto } from "@effect/platform-node"
import { Cause, Clock, Effect, Layer, References } from "effect"
import { parseArgs } from "node:util"
import { fuzz } from "./fuzz.ts"

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    seed: { type: "string" },
    requests: { type: "string", default: "6000" },
    concurrency: { type: "string", default: "16" }
  }
})

const help = `npm run fuzz [-- options]

Starts a shop of its own and asks it for every operation of its /openapi.json: rightly, nearly rightly, and not at all so;
then its operators' port, a third as often, by an operator, by one who only looks, and by nobody.
--seed S         the same requests again
--requests N     how many (6000)
--concurrency N  how many at a time (16)
Exits 1 when an answer broke the contract or the shop is worse off than before, with a command that repeats the request.`

const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))

const run = Effect.gen(function* () {
  const seed = Number(values.seed ?? (yield* Clock.currentTimeMillis) % 1_000_000)
  const [requests, concurrency] = [Number(values.requests), Number(values.concurrency)]
  yield* say(`seed ${seed}: ${requests} requests, ${concurrency} at a time`)
  const wrong = yield* fuzz({ seed, requests, concurrency, say })
  for (const one of wrong) yield* say(`\n${one}`)
  yield* say(wrong.length === 0 ? "as promised" : `${wrong.length} not as promised, seed ${seed}`)
  return wrong.length === 0 ? 0 : 1
}).pipe(
  Effect.scoped,
  Effect.catchCause((cause) => Effect.as(say(Cause.pretty(cause)), 1)),
  Effect.provide(Layer.merge(NodeCrypto.layer, Layer.succeed(References.MinimumLogLevel, "None")))
)

if (values.help) {
  process.stdout.write(`${help}\n`)
} else {
  process.exitCode = await Effect.runPromise(run)
}
