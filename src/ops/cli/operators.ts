/** `operators`: which of the shop's accounts have the operator's role. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { json, reason } from "./flags.ts"
import { OpsClient } from "./OpsClient.ts"
import { print, tableOf } from "./table.ts"

const user = Argument.String("user").pipe(
  Argument.withDescription("Id of an account (usr_…): signing up answers it, and GET /v1/users/me")
)

const change = (verb: "add" | "remove", description: string) =>
  Command.make(
    verb,
    { user, reason, json },
    Effect.fn(function* (given) {
      const path = `operators/${encodeURIComponent(given.user)}/${verb}`
      const answer = yield* (yield* OpsClient).post(path, { reason: given.reason })
      yield* print(given.json, answer, () => tableOf([answer], ["user_id", "role"]))
    })
  ).pipe(Command.withDescription(description))

export const operators = Command.make("operators").pipe(
  Command.withDescription("Accounts that may list users and give money back"),
  Command.withSubcommands([
    change("add", "Give an account the operator's role, in its open sessions too"),
    change("remove", "Make an operator's account a customer's again")
  ])
)
