/** Rows for a terminal: columns as wide as what is in them, or one JSON document for another program. */
import { Console, type Effect } from "effect"
import { lasting } from "../lasting.ts"
import type { Json } from "./OpsClient.ts"

const shown = (value: unknown): string =>
  value === undefined || value === null ? "-" : typeof value === "object" ? JSON.stringify(value) : String(value)

export const tableOf = (rows: ReadonlyArray<Json>, columns: ReadonlyArray<string>): string => {
  const lines = [columns, ...rows.map((row) => columns.map((column) => shown(row[column])))]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

/** What was answered: as it came with `--json`, else as lines. */
export const print = (json: boolean, answer: Json, lines: () => string): Effect.Effect<void> =>
  Console.log(json ? JSON.stringify(answer, undefined, 2) : lines())

/** A moment as its distance from now. */
export const inTime = (at: unknown, nowMillis: number): string => {
  const seconds = (Date.parse(String(at)) - nowMillis) / 1000
  if (Math.abs(seconds) < 0.5) return "now"
  return seconds > 0 ? `in ${lasting(seconds)}` : `${lasting(-seconds)} ago`
}

export const rowsIn = (answer: Json, name = "data"): ReadonlyArray<Json> => (answer[name] ?? []) as ReadonlyArray<Json>
