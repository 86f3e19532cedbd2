/** `log-levels`: how much each part of one node says, and for how long. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { expiryIn, json, reason } from "./flags.ts"
import { type Json, OpsClient } from "./OpsClient.ts"
import { print, rowsIn, tableOf } from "./table.ts"

const module = Argument.String("module").pipe(Argument.withDescription("A part of the shop, as the list names it"))
const level = Argument.String("level").pipe(Argument.withDescription("trace, debug, info, warn, error or fatal"))
const lasting = Flag.String("for").pipe(
  Flag.withDescription('How long, such as "10 minutes"; a day at most'),
  Flag.withDefault("15 minutes")
)
const columns = ["module", "level", "actor", "reason", "since", "expires_at"]
const shown = (asJson: boolean, answer: Json) => print(asJson, answer, () => tableOf(rowsIn(answer), columns))

const list = Command.make(
  "list",
  { json },
  Effect.fn(function* (given) {
    yield* shown(given.json, yield* (yield* OpsClient).get("log-levels"))
  })
).pipe(Command.withDescription("List what this node says of each of its parts"))

const set = Command.make(
  "set",
  { module, level, lasting, reason, json },
  Effect.fn(function* (given) {
    const body = {
      module: given.module,
      level: given.level,
      reason: given.reason,
      expires_at: yield* expiryIn(given.lasting)
    }
    yield* shown(given.json, yield* (yield* OpsClient).post("log-levels", body))
  })
).pipe(Command.withDescription("Let a part of this node say more, or less, for a while"))

const reset = Command.make(
  "reset",
  { module, reason, json },
  Effect.fn(function* (given) {
    const body = { module: given.module, reason: given.reason }
    yield* shown(given.json, yield* (yield* OpsClient).post("log-levels/reset", body))
  })
).pipe(Command.withDescription("Let it say again what LOG_LEVEL says"))

export const logLevels = Command.make("log-levels").pipe(
  Command.withDescription("How much one node says of each of its parts"),
  Command.withSubcommands([list, set, reset])
)
