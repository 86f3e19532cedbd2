/** `queues`: how much waits, and whether it may run. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { json, reason } from "./flags.ts"
import { type Json, OpsClient } from "./OpsClient.ts"
import { print, rowsIn, tableOf } from "./table.ts"

const name = Argument.String("queue").pipe(Argument.withDescription("The queue's name"))
const columns = ["queue", "ready", "delayed", "running", "dead", "oldest_seconds", "paused"]
const shown = (asJson: boolean, answer: Json) => print(asJson, answer, () => tableOf(rowsIn(answer), columns))

const list = Command.make(
  "list",
  { json },
  Effect.fn(function* (given) {
    yield* shown(given.json, yield* (yield* OpsClient).get("queues"))
  })
).pipe(Command.withDescription("List queues: what waits, since when, what is paused"))

const change = (verb: "pause" | "resume", description: string) =>
  Command.make(
    verb,
    { name, reason, json },
    Effect.fn(function* (given) {
      const path = `queues/${encodeURIComponent(given.name)}/${verb}`
      yield* shown(given.json, yield* (yield* OpsClient).post(path, { reason: given.reason }))
    })
  ).pipe(Command.withDescription(description))

export const queues = Command.make("queues").pipe(
  Command.withDescription("Queues of jobs"),
  Command.withSubcommands([
    list,
    change("pause", "Let nothing of a queue begin, on any node; what runs goes on"),
    change("resume", "Let a paused queue run again")
  ])
)
