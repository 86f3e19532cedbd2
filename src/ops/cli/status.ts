/** `status`, `audit` and `tail`: how it is, what operators changed last, and what changes while somebody looks. */
import { Console, DateTime, Effect, Schedule, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { json } from "./flags.ts"
import { type Json, OpsClient } from "./OpsClient.ts"
import { print, rowsIn, tableOf } from "./table.ts"

export const status = Command.make(
  "status",
  { json },
  Effect.fn(function* (given) {
    const answer = yield* (yield* OpsClient).get("status")
    yield* print(given.json, answer, () => {
      const facts = rowsIn(answer, "facts")
      const table = facts.length === 0 ? "" : `\n\n${tableOf(facts, ["weight", "what", "page"])}`
      return `${String(answer["sentence"])}${table}`
    })
  })
).pipe(
  Command.withDescription("Say in one sentence how it is, and which page of docs/runbook.md says what to do"),
  Command.withExamples([{ command: "ops status --json", description: "For a program: verdict is good, warn or bad" }])
)

export const audit = Command.make(
  "audit",
  { json },
  Effect.fn(function* (given) {
    const answer = yield* (yield* OpsClient).get("audit")
    yield* print(given.json, answer, () => tableOf(rowsIn(answer), ["at", "actor", "action", "target", "reason"]))
  })
).pipe(Command.withDescription("List what operators changed last: who, what, why"))

const events = Flag.Int("events").pipe(
  Flag.withDescription("End after so many lines; 0 stays until it is interrupted"),
  Flag.withDefault(0)
)

const circuitsOf = (status: Json) => (status["circuits"] ?? {}) as Readonly<Record<string, string>>

/** What a status says that the one before did not. The first is told by its sentence alone. */
const newsIn = (before: Json | undefined, now: Json): ReadonlyArray<string> => {
  const sentence = before?.["sentence"] === now["sentence"] ? [] : [String(now["sentence"])]
  if (before === undefined) return sentence
  const circuits = Object.entries(circuitsOf(now)).flatMap(([name, state]) => {
    const was = circuitsOf(before)[name]
    return was === state ? [] : [`circuit of ${name}: ${was ?? "unknown"} -> ${state}`]
  })
  const [dead, wasDead] = [now["dead_letters"], before["dead_letters"]]
  const letters =
    dead === wasDead ? [] : [`dead letters: ${String(wasDead ?? "unknown")} -> ${String(dead ?? "unknown")}`]
  return [...sentence, ...circuits, ...letters]
}

export const tail = Command.make(
  "tail",
  { events, json },
  Effect.fn(function* (given) {
    const client = yield* OpsClient
    let before: Json | undefined
    const lines = client.events("tail").pipe(
      Stream.mapEffect((now) =>
        Effect.map(DateTime.now, (at) => {
          const news = newsIn(before, now)
          before = now
          return given.json
            ? [JSON.stringify(now)]
            : news.map((line) => `${DateTime.formatIso(at).slice(11, 19)}  ${line}`)
        })
      ),
      Stream.flatMap((some) => Stream.fromIterable(some)),
      (all) => (given.events > 0 ? Stream.take(all, given.events) : all),
      Stream.runForEach((line) => Console.log(line))
    )
    if (given.events > 0) return yield* lines
    // A node that shuts down ends its events: another one, or the same, goes on with them.
    yield* lines.pipe(
      Effect.catchTag("OpsUnreachable", (away) => Console.error(`${away.message} Looking again.`)),
      Effect.repeat(Schedule.spaced("1 second"))
    )
  })
).pipe(
  Command.withDescription("Print what changes as it does: the verdict, circuits, dead letters"),
  Command.withExamples([{ command: "ops tail", description: "Beside whatever else is done" }])
)
