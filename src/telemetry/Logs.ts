/**
 * Logs: one JSON line an event on standard output, or readable text on a terminal.
 *
 * Every value passes the redaction, whoever logged it. Messages are constant sentences; what varies are fields.
 * The same lines report a failed start, so that a supervisor sees one format from the first moment on.
 * Whoever reads them may be slow or gone, or the disk full that they go to: then so many bytes wait, the rest is counted
 * and not written, and the first line that is written again is after one that says how many are missing. The shop waits
 * for nobody who reads its log.
 */
import { Context, Layer, Logger, type LogLevel, References } from "effect"
import type { LogRecord } from "./otlp/encoding.ts"
import { layer as levelsLayer, LogLevels } from "./LogLevels.ts"
import { describeCause, redact } from "./redaction.ts"
import { traceOf } from "./traces/traceContext.ts"

export type LogFormat = "json" | "pretty"

export interface LogOptions {
  readonly format: LogFormat
  readonly level: LogLevel.LogLevel
}

/** Where lines go besides. What it is given is redacted; it returns at once. */
export const ExportedLogs = Context.Reference<((record: LogRecord) => void) | undefined>(
  "holdfast/telemetry/ExportedLogs",
  { defaultValue: () => undefined }
)

interface Entry {
  readonly timestamp: string
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** How bad it is, where nobody says otherwise: what was to be expected, a bug, and what somebody has to be woken for. */
const severities: Readonly<Record<string, string>> = { Warn: "expected", Error: "unexpected", Fatal: "critical" }

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
  const severity = severities[options.logLevel]
  if (severity !== undefined) fields["severity"] ??= severity
  const operation = options.fiber.getRef(References.CurrentStackFrame)?.name
  if (severity !== undefined && operation !== undefined && !("route" in fields)) fields["operation"] ??= operation
  const trace = traceOf(options.fiber)
  if (trace !== undefined) Object.assign(fields, { trace_id: trace.traceId, span_id: trace.spanId })
  return {
    timestamp: options.date.toISOString(),
    level: options.logLevel.toUpperCase(),
    message: words.join(" "),
    fields: redact(fields) as Record<string, unknown>
  }
}

type Format = (entry: Entry) => string

const json: Format = ({ fields, ...head }) => JSON.stringify({ ...head, ...fields })

const pretty: Format = ({ fields, level, message, timestamp }) => {
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === "string" && !/\s/.test(value) ? value : JSON.stringify(value)}`
  )
  return [timestamp.slice(11, 23), level.padEnd(5), message, ...rest].join(" ")
}

const recordOf = ({ fields, level, message }: Entry, { date, fiber }: Logger.Options<unknown>): LogRecord => {
  const { trace_id: _trace, span_id: _span, ...rest } = fields
  return { millis: date.getTime(), level, message, fields: rest, trace: traceOf(fiber) }
}

/** Where lines go. */
export interface Outlet {
  /** How many bytes it has not got rid of yet. */
  readonly writableLength: number
  readonly write: (text: string, done: (error?: Error | null) => void) => unknown
}

/** Some four thousand lines: a reader that was away for a moment misses nothing, and one that is gone costs a megabyte. */
export const mostWaitingBytes = 1024 * 1024

/** Whether a line is to be written: by the part of the shop that it names, if somebody looks into that. */
export const isWanted = ({ date, fiber, logLevel, message }: Logger.Options<unknown>): boolean => {
  const parts: ReadonlyArray<unknown> = Array.isArray(message) ? message : [message]
  const named = parts.find((part) => typeof part === "object" && part !== null && "module" in part)
  const { module } = (named ?? fiber.getRef(References.CurrentLogAnnotations)) as { readonly module?: unknown }
  return fiber.getRef(LogLevels).allows(module, logLevel, () => date.getTime())
}

const written = (format: Format, outlet: Outlet) => {
  let missing = 0
  const write = (entry: Entry, lines: number) =>
    outlet.write(`${format(entry)}\n`, (error) => void (missing += error ? lines : 0))
  return Logger.make<unknown, void>((options) => {
    if (!isWanted(options)) return
    const isFull = outlet.writableLength >= mostWaitingBytes
    const exported = options.fiber.getRef(ExportedLogs)
    if (isFull) missing++
    if (isFull && exported === undefined) return
    const entry = entryOf(options)
    exported?.(recordOf(entry, options))
    if (isFull) return
    if (missing > 0) {
      const lines = missing
      missing = 0
      write({ ...entry, level: "WARN", message: "lines not written", fields: { severity: "expected", lines } }, lines)
    }
    write(entry, 1)
  })
}

/** Replaces every other logger. */
export const layer = (options: LogOptions, outlet: Outlet = process.stdout): Layer.Layer<never> =>
  Layer.merge(
    Logger.layer([written(options.format === "json" ? json : pretty, outlet)]),
    // What is written is decided line by line, because it changes while the shop runs.
    Layer.merge(Layer.succeed(References.MinimumLogLevel, "All"), levelsLayer(options.level))
  )
