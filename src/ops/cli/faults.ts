/** `faults`: what the sandbox's providers do wrong on demand. Nowhere but where a sandbox plays them. */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, reason } from "./flags.ts"
import { type Json, OpsClient } from "./OpsClient.ts"
import { print, rowsIn, tableOf } from "./table.ts"

const provider = Argument.String("provider").pipe(
  Argument.withDescription("payments, inventory, email, recommendations or analytics")
)
const mode = Argument.String("mode").pipe(
  Argument.withDescription(
    "status, latency, hang_before, hang_after, reset_after, garbage, huge, drip, flap, decline, …"
  )
)
const number = (name: string, description: string) =>
  Flag.optional(Flag.Int(name).pipe(Flag.withDescription(description)))
const options = {
  times: number("times", "Strikes this often, then ends"),
  ms: number("ms", "Latency, length of a hang, half period of flapping, pause of a drip"),
  status: number("status", "Of the mode status; 429 with --retry-after is a provider that is told too much"),
  retryAfter: number("retry-after", "Seconds that the provider asks for")
}
const columns = ["provider", "mode", "struck", "times", "ms", "status", "share"]
const shown = (asJson: boolean, answer: Json) => print(asJson, answer, () => tableOf(rowsIn(answer), columns))

const list = Command.make(
  "list",
  { json },
  Effect.fn(function* (given) {
    yield* shown(given.json, yield* (yield* OpsClient).get("faults"))
  })
).pipe(Command.withDescription("List the faults in force, and how often each struck"))

const add = Command.make(
  "add",
  { provider, mode, ...options, reason, json },
  Effect.fn(function* (given) {
    const body = {
      provider: given.provider,
      mode: given.mode,
      reason: given.reason,
      times: Option.getOrUndefined(given.times),
      ms: Option.getOrUndefined(given.ms),
      status: Option.getOrUndefined(given.status),
      retry_after_seconds: Option.getOrUndefined(given.retryAfter)
    }
    yield* shown(given.json, yield* (yield* OpsClient).post("faults", body))
  })
).pipe(Command.withDescription("Let a provider fail in this way"))

const clear = Command.make(
  "clear",
  { provider: Argument.optional(provider), reason, json },
  Effect.fn(function* (given) {
    const body = { provider: Option.getOrUndefined(given.provider), reason: given.reason }
    yield* shown(given.json, yield* (yield* OpsClient).post("faults/clear", body))
  })
).pipe(Command.withDescription("Make a provider well again, or all of them"))

export const faults = Command.make("faults").pipe(
  Command.withDescription("Faults of the sandbox's providers"),
  Command.withSubcommands([list, add, clear])
)
