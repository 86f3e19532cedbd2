/** `switches` and `circuits`: what is switched off, by whom and until when, and how the calls to others stand. */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { expiryIn, json, reason } from "./flags.ts"
import { type Json, OpsClient } from "./OpsClient.ts"
import { print, rowsIn, tableOf } from "./table.ts"

const name = Argument.String("name").pipe(Argument.withDescription("A name that the list shows"))
const lasting = Flag.optional(
  Flag.String("for").pipe(
    Flag.withDescription(
      'How long, such as "30 minutes"; without it until it is taken back, and the log asks after a day'
    )
  )
)

const expiryOf = Effect.fnUntraced(function* (given: Option.Option<string>) {
  return Option.isNone(given) ? {} : { expires_at: yield* expiryIn(given.value) }
})

const flat = (row: Json): Json => ({ ...(row["order"] as Json | null), ...row })
const switchColumns = ["name", "of", "state", "actor", "reason", "since", "expires_at", "persisted"]
const circuitColumns = ["name", "state", "since", "in_flight", "limit", "calls", "failures", "outage_seconds", "orders"]
const shownSwitches = (asJson: boolean, answer: Json, rows: ReadonlyArray<Json>) =>
  print(asJson, answer, () => tableOf(rows.map(flat), switchColumns))
const shownCircuits = (asJson: boolean, answer: Json) =>
  print(asJson, answer, () => tableOf(rowsIn(answer), circuitColumns))

const listSwitches = Command.make(
  "list",
  { json },
  Effect.fn(function* (given) {
    const answer = yield* (yield* OpsClient).get("kill-switches")
    yield* shownSwitches(given.json, answer, rowsIn(answer))
  })
).pipe(Command.withDescription("List features and dependencies: what is off, by whom, why and until when"))

const off = Command.make(
  "off",
  { name, reason, lasting, json },
  Effect.fn(function* (given) {
    const body = { reason: given.reason, ...(yield* expiryOf(given.lasting)) }
    const answer = yield* (yield* OpsClient).post(`kill-switches/${encodeURIComponent(given.name)}/off`, body)
    yield* shownSwitches(given.json, answer, [answer])
  })
).pipe(Command.withDescription("Switch a feature or a dependency off, on every node within a second"))

const on = Command.make(
  "on",
  { name, reason, json },
  Effect.fn(function* (given) {
    const path = `kill-switches/${encodeURIComponent(given.name)}/on`
    const answer = yield* (yield* OpsClient).post(path, { reason: given.reason })
    yield* shownSwitches(given.json, answer, [answer])
  })
).pipe(Command.withDescription("Switch it on again"))

const listCircuits = Command.make(
  "list",
  { json },
  Effect.fn(function* (given) {
    yield* shownCircuits(given.json, yield* (yield* OpsClient).get("circuits"))
  })
).pipe(Command.withDescription("List this node's circuits, and what they counted"))

const ordered = (verb: "force-open" | "disable", description: string) =>
  Command.make(
    verb,
    { name, reason, lasting, json },
    Effect.fn(function* (given) {
      const body = { reason: given.reason, ...(yield* expiryOf(given.lasting)) }
      const path = `circuits/${encodeURIComponent(given.name)}/${verb}`
      yield* shownCircuits(given.json, yield* (yield* OpsClient).post(path, body))
    })
  ).pipe(Command.withDescription(description))

const reset = Command.make(
  "reset",
  { name, reason, json },
  Effect.fn(function* (given) {
    const path = `circuits/${encodeURIComponent(given.name)}/reset`
    yield* shownCircuits(given.json, yield* (yield* OpsClient).post(path, { reason: given.reason }))
  })
).pipe(Command.withDescription("End both, and let this node's circuit begin anew, closed"))

export const switches = Command.make("switches").pipe(
  Command.withDescription("Kill switches of features and dependencies"),
  Command.withSubcommands([listSwitches, off, on])
)
export const circuits = Command.make("circuits").pipe(
  Command.withDescription("Circuits of the calls to others"),
  Command.withSubcommands([
    listCircuits,
    ordered("force-open", "Refuse every call to it, on every node, until that is ended"),
    ordered("disable", "Let every call to it through, on every node, whatever comes back"),
    reset
  ])
)
