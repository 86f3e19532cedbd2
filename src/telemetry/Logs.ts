/**
 * Logs: one JSON line an event on standard output, or readable text on a terminal.
 *
 * Every value passes the redaction, whoever logged it. Messages are constant sentences; what varies are fields.
 * The same lines report a failed start, so that a supervisor sees one format from the first moment on.
 */
import { Layer, Logger, type LogLevel, References } from "effect"
import { describeCause, redact } from "./redaction.ts"

export interface LogOptions {
  readonly format: "json" | "pretty"
  readonly level: LogLevel.LogLevel
}

interface Entry {
  readonly timestamp: string
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

const entryOf = (options: Logger.Options<unknown>): Entry => {
  const parts: ReadonlyArray<unknown> = Array.isArray(options.message) ? options.message : [options.message]
  const fields: Record<string, unknown> = { ...options.fiber.getRef(References.CurrentLogAnnotations) }
  const words: Array<string> = []
  for (const part of parts) {
    // A driver's error holds what it is about in its own properties: it is described, never spread.
    if (part instanceof Error) fields["error"] = part
    else if (typeof part === "object" && part !== null) Object.assign(fields, part)
    else words.push(String(part))
  }
  if (options.cause.reasons.length > 0) Object.assign(fields, describeCause(options.cause))
  return {
    timestamp: options.date.toISOString(),
    level: options.logLevel.toUpperCase(),
    message: words.join(" "),
    fields: redact(fields) as Record<string, unknown>
  }
}

const json = Logger.make((options) => {
  const { fields, ...head } = entryOf(options)
  return JSON.stringify({ ...head, ...fields })
})

const pretty = Logger.make((options) => {
  const { timestamp, level, message, fields } = entryOf(options)
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === "string" && !/\s/.test(value) ? value : JSON.stringify(value)}`
  )
  return [timestamp.slice(11, 23), level.padEnd(5), message, ...rest].join(" ")
})

/** Replaces every other logger. */
export const layer = (options: LogOptions): Layer.Layer<never> =>
  Layer.merge(
    Logger.layer([Logger.withConsoleLog(options.format === "json" ? json : pretty)]),
    Layer.succeed(References.MinimumLogLevel, options.level)
  )
