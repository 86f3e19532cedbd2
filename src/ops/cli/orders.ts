/** `orders`: what is done with one order by hand. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { json, reason } from "./flags.ts"
import { OpsClient } from "./OpsClient.ts"
import { print, tableOf } from "./table.ts"

const id = Argument.String("order").pipe(Argument.withDescription("Id of an order (ord_…)"))

const fulfil = Command.make(
  "fulfil",
  { id, reason, json },
  Effect.fn(function* (given) {
    const path = `orders/${encodeURIComponent(given.id)}/fulfil`
    const answer = yield* (yield* OpsClient).post(path, { reason: given.reason })
    yield* print(given.json, answer, () => tableOf([answer], ["id", "status"]))
  })
).pipe(Command.withDescription("Say that a paid order's goods are on their way: a refund brings none of them back"))

export const orders = Command.make("orders").pipe(
  Command.withDescription("Single orders"),
  Command.withSubcommands([fulfil])
)
