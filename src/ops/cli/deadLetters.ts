/** `dead-letters`: look at what could not be done, and give it back or put it away. */
import { Console, Effect, Option, Schedule } from "effect"
import { Command, Flag } from "effect/cli"
import { LettersUnnamed } from "./errors.ts"
import { all, asked, type Conditions, conditions, id, json, oneId, reason } from "./flags.ts"
import { type Json, OpsClient } from "./OpsClient.ts"
import { print, rowsIn, tableOf } from "./table.ts"

const described = Command.withDescription
const letters = "dead-letters"

const list = Command.make(
  "list",
  {
    ...conditions,
    limit: Flag.Int("limit").pipe(Flag.withDescription("At most so many, 1 to 100"), Flag.withDefault(20)),
    cursor: Flag.optional(Flag.String("cursor").pipe(Flag.withDescription("Where the page before this one ended"))),
    json
  },
  Effect.fn(function* (given) {
    const client = yield* OpsClient
    const cursor = Option.getOrUndefined(given.cursor)
    const answer = yield* client.get(letters, { ...asked(given), limit: String(given.limit), cursor })
    yield* print(given.json, answer, () => {
      const columns = ["id", "queue", "key", "code", "attempts", "replays", "last_failed_at"]
      const more = answer["has_more"] === true ? `\nmore: --cursor ${String(answer["next_cursor"])}` : ""
      return tableOf(rowsIn(answer), columns) + more
    })
  })
).pipe(described("List dead letters, newest first"))

const groups = Command.make(
  "groups",
  { ...conditions, json },
  Effect.fn(function* (given) {
    const answer = yield* (yield* OpsClient).get(`${letters}/groups`, asked(given))
    const columns = ["queue", "code", "count", "first_failed_at", "last_failed_at", "sample"]
    yield* print(given.json, answer, () => tableOf(rowsIn(answer), columns))
  })
).pipe(described("Count dead letters by queue and error code"))

const show = Command.make(
  "show",
  { id, json },
  Effect.fn(function* (given) {
    const answer = yield* (yield* OpsClient).get(`${letters}/${given.id}`)
    yield* print(given.json, answer, () => {
      const { history: _, ...facts } = answer
      const lines = tableOf(
        Object.entries(facts).map(([fact, value]) => ({ fact, value })),
        ["fact", "value"]
      )
      return `${lines}\n\n${tableOf(rowsIn(answer, "history"), ["at", "attempt", "code", "category"])}`
    })
  })
).pipe(described("Show one dead letter, with its history"))

const previewed = (answer: Json): string => {
  const { asks_first, safe, unknown } = answer["verdicts"] as Readonly<Record<string, number>>
  const table = tableOf(rowsIn(answer, "items").slice(0, 20), ["id", "queue", "key", "code", "verdict", "would"])
  return `${String(answer["letters"])} dead letters; of the first ${String(answer["assessed"])}: ${safe} safe, ${asks_first} ask first, ${unknown} unknown\n\n${table}`
}

const preview = Command.make(
  "preview",
  { id: oneId, ...conditions, json },
  Effect.fn(function* (given) {
    const client = yield* OpsClient
    const answer = yield* client.get(`${letters}/preview`, { ...asked(given), id: Option.getOrUndefined(given.id) })
    yield* print(given.json, answer, () => previewed(answer))
  })
).pipe(described("Say what a replay would do, without doing it"))

const target = (given: Conditions & { readonly id: Option.Option<string>; readonly all: boolean }, verb: string) => {
  const filter = asked(given)
  if (Option.isSome(given.id)) return Effect.succeed({ path: `${letters}/${given.id.value}/${verb}`, body: {} })
  const narrowed = given.all || Object.values(filter).some((value) => value !== undefined)
  return narrowed ? Effect.succeed({ path: `${letters}/${verb}`, body: { filter } }) : Effect.fail(new LettersUnnamed())
}

const resultsOf = (replay: Json) => replay["results"] as Readonly<Record<string, number>>
const progressOf = (replay: Json): string => {
  const counts = Object.entries(resultsOf(replay)).map(([result, count]) => `${count} ${result}`)
  return `replay ${String(replay["id"])}: ${String(replay["items"])} items: ${counts.join(", ")}`
}
const isOver = (replay: Json) =>
  replay["released_at"] !== null && resultsOf(replay)["waiting"] === 0 && resultsOf(replay)["released"] === 0

/** Prints every change until each item has ended. */
const followed = Effect.fnUntraced(function* (replayId: string, json: boolean) {
  const client = yield* OpsClient
  let before = ""
  const last = yield* client.get(`replays/${replayId}`).pipe(
    Effect.tap((replay) => {
      const now = progressOf(replay)
      const changed = now !== before
      before = now
      return changed && !json ? Console.log(now) : Effect.void
    }),
    Effect.repeat({ until: isOver, schedule: Schedule.spaced("500 millis") })
  )
  if (json) yield* print(true, last, () => "")
})

const follow = Flag.Boolean("follow").pipe(
  Flag.withDescription("Stay until every item has ended, and print how it goes; leaving stops nothing"),
  Flag.withDefault(false)
)

const replay = Command.make(
  "replay",
  {
    id: oneId,
    ...conditions,
    all,
    reason,
    perSecond: Flag.optional(
      Flag.Int("per-second").pipe(Flag.withDescription("Give back so many a second (50 unless given)"))
    ),
    follow,
    json
  },
  Effect.fn(function* (given) {
    const { body, path } = yield* target(given, "replay")
    const rate = Option.isSome(given.perSecond) ? { per_second: given.perSecond.value } : {}
    const begun = yield* (yield* OpsClient).post(path, { ...body, reason: given.reason, ...rate })
    if (given.follow) return yield* followed(String(begun["id"]), given.json)
    yield* print(
      given.json,
      begun,
      () => `${progressOf(begun)}\nfollow it: dead-letters progress ${String(begun["id"])}`
    )
  })
).pipe(
  described("Give dead letters back to their workers, as a job of the server"),
  Command.withExamples([
    {
      command: `ops dead-letters replay --queue orders --code DependencyUnavailable --reason "provider is back" --follow`,
      description: "Replay what one failure left behind, and watch"
    }
  ])
)

const progress = Command.make(
  "progress",
  { replay: id, json },
  Effect.fn(function* (given) {
    yield* followed(given.replay, given.json)
  })
).pipe(described("Follow a replay that was begun before"))

const discard = Command.make(
  "discard",
  { id: oneId, ...conditions, all, reason, json },
  Effect.fn(function* (given) {
    const { body, path } = yield* target(given, "discard")
    const answer = yield* (yield* OpsClient).post(path, { ...body, reason: given.reason })
    yield* print(given.json, answer, () => `${String(answer["discarded"])} discarded`)
  })
).pipe(described("Put dead letters away, with the reason"))

export const deadLetters = Command.make("dead-letters").pipe(
  described("Work that could not be done"),
  Command.withSubcommands([list, groups, show, preview, replay, progress, discard])
)
