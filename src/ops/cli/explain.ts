/** `explain`: what became of something, why it waits, and what happens next and when; from the tables, and from a log. */
import { DateTime, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { LogUnreadable, OpsRefused } from "./errors.ts"
import { json } from "./flags.ts"
import { type Ids, linesNaming, withLogLines } from "./logLines.ts"
import { type Json, OpsClient } from "./OpsClient.ts"
import { inTime, print, rowsIn, tableOf } from "./table.ts"

const id = Argument.String("id").pipe(
  Argument.withDescription("An order's, a request's, a payment's, a refund's or a job's id, or an idempotency key")
)
const log = Flag.optional(
  Flag.String("log").pipe(Flag.withDescription("A file of a node's log lines: those about it are told with the rest"))
)

const noIds: Ids = {}
const idsOf = (answer: Json): Ids => (answer["ids"] ?? noIds) as Ids

const factsOf = (entry: Json): string =>
  Object.entries((entry["facts"] ?? {}) as Json)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ")

/** A time of day is enough within a day; else the day is told, too. */
const shownTime = (at: unknown): string => String(at).slice(0, 23).replace("T", " ")

const inWords = (answer: Json): string => {
  const now = Date.parse(String(answer["as_of"]))
  const waits = rowsIn(answer, "waits").map((wait) => {
    const until = wait["until"] === undefined ? "" : ` (until ${inTime(wait["until"], now)})`
    return `  ${String(wait["what"])}${until}`
  })
  const next = rowsIn(answer, "next").map((step) => ({
    when: step["at"] === undefined ? "–" : inTime(step["at"], now),
    what: step["what"]
  }))
  const entries = rowsIn(answer, "entries").map((entry) => ({
    at: shownTime(entry["at"]),
    source: entry["source"],
    what: entry["what"],
    facts: factsOf(entry)
  }))
  return [
    String(answer["summary"]),
    ...(waits.length === 0 ? [] : ["", "WAITS", ...waits]),
    ...(next.length === 0 ? [] : ["", "NEXT", ...indented(tableOf(next, ["when", "what"]))]),
    "",
    answer["entries_truncated"] === true ? "SO FAR (the oldest are left out)" : "SO FAR",
    ...indented(tableOf(entries, ["at", "source", "what", "facts"]))
  ].join("\n")
}
const indented = (table: string) =>
  table
    .split("\n")
    .slice(1)
    .map((line) => `  ${line}`)

/** A request that stored nothing is only in the log: it is explained by the lines that name it. */
const byLogAlone = (asked: string) =>
  Effect.map(DateTime.now, (now): Json => ({
    asked: "request",
    as_of: DateTime.formatIso(now),
    summary: "Nothing is stored about it: it is told from the log alone.",
    ids: { requests: [asked], orders: [asked], deferred: [asked], mails: [asked], events: [asked], payments: [asked] },
    waits: [],
    next: [],
    entries: []
  }))

export const explain = Command.make(
  "explain",
  { id, log, json },
  Effect.fn(function* (given) {
    const client = yield* OpsClient
    const asked = client.get("explain", { id: given.id })
    const path = Option.getOrUndefined(given.log)
    const answer = yield* path === undefined
      ? asked
      : Effect.catchIf(
          asked,
          (failure) => failure instanceof OpsRefused && failure.status === 404,
          () => byLogAlone(given.id)
        )
    const lines =
      path === undefined
        ? []
        : yield* Effect.catchTag(linesNaming(path, idsOf(answer)), "PlatformError", () => new LogUnreadable({ path }))
    const whole = { ...answer, entries: withLogLines(rowsIn(answer, "entries"), lines) }
    yield* print(given.json, whole, () => inWords(whole))
  })
).pipe(
  Command.withDescription(
    "Explain an order or whatever an id leads to: what was, why it waits, what comes next and when"
  ),
  Command.withExamples([
    { command: "ops explain ord_3f0c…", description: "An order, from all tables" },
    {
      command: "ops explain req_77aa… --log node.log",
      description: "What a customer's Request-Id led to, with the log"
    }
  ])
)
