/**
 * The lines of a log file that belong to what is explained: those that name one of its ids in a field of theirs.
 *
 * A file is JSON lines, as a node writes them; what is no JSON is passed over. Read line by line, so that a log of any
 * size takes the memory of what is found.
 */
import { Effect, FileSystem, Option, Stream } from "effect"
import type { Json } from "./OpsClient.ts"

/** In which fields of a line the ids of each kind are. */
const fieldsOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  orders: ["order_id", "order", "about"],
  requests: ["request_id"],
  payments: ["payment_id"],
  deferred: ["deferred"],
  jobs: ["job_id", "job"],
  mails: ["mail"],
  events: ["event"]
}
const head: ReadonlySet<string> = new Set(["timestamp", "level", "message"])
/** The newest are kept: more than a person reads. */
const most = 500

export type Ids = Readonly<Record<string, ReadonlyArray<string>>>

const parsed = (line: string): Json | undefined => {
  if (!line.startsWith("{")) return undefined
  return Option.getOrUndefined(Option.liftThrowable((text: string) => JSON.parse(text) as Json)(line))
}

/** The answer's entries, and those of the log, by time. */
export const withLogLines = (entries: ReadonlyArray<Json>, lines: ReadonlyArray<Json>): ReadonlyArray<Json> =>
  [...entries, ...lines.map(asEntry)].sort(
    (one, other) => Date.parse(String(one["at"])) - Date.parse(String(other["at"]))
  )

const asEntry = (line: Json): Json => ({
  at: line["timestamp"],
  source: "log",
  about: String(line["order_id"] ?? line["request_id"] ?? line["deferred"] ?? line["mail"] ?? ""),
  what: `${String(line["level"])} ${String(line["message"])}`,
  facts: Object.fromEntries(Object.entries(line).filter(([name]) => !head.has(name)))
})

const names = (ids: Ids) => {
  const wanted = new Map(
    Object.entries(ids).flatMap(([kind, all]) => (fieldsOf[kind] ?? []).map((field) => [field, new Set(all)] as const))
  )
  return (line: Json) =>
    Object.entries(line).some(([field, value]) => typeof value === "string" && wanted.get(field)?.has(value) === true)
}

export const linesNaming = Effect.fnUntraced(function* (path: string, ids: Ids) {
  const files = yield* FileSystem.FileSystem
  const isWanted = names(ids)
  return yield* files.stream(path).pipe(
    Stream.decodeText,
    Stream.splitLines,
    Stream.map(parsed),
    Stream.filter((line): line is Json => line !== undefined && isWanted(line)),
    Stream.takeRight(most),
    Stream.runCollect
  )
})
