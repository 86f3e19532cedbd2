/**
 * One line for each request that was served, beside the lines of what went wrong.
 *
 * Lines are gathered and written a few times a second, so that a request pays for a text and not for a write: they may
 * stand behind later ones of other kinds. What nobody reads or a full disk does not take is counted, like any other line;
 * how many are missing is said as soon as lines are written again, because that is a line, too.
 */
import { Context, Effect, Layer, Schedule } from "effect"
import { mostWaitingBytes, type LogFormat, type Outlet } from "./Logs.ts"

export interface Served {
  readonly millis: number
  readonly requestId: string
  readonly traceId: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly durationMillis: number
  readonly code: string | undefined
}

/** Nobody writes it unless a layer says so. */
export const AccessLog = Context.Reference<((served: Served) => void) | undefined>("holdfast/telemetry/AccessLog", {
  defaultValue: () => undefined
})

const writeEvery = Schedule.spaced("200 millis")
/** One write; more comes with the next one at once. */
const mostGatheredBytes = 64 * 1024

const message = "request served"

const json = (served: Served, timestamp: string) =>
  JSON.stringify({
    timestamp,
    level: "INFO",
    message,
    request_id: served.requestId,
    trace_id: served.traceId,
    method: served.method,
    route: served.route,
    status: served.status,
    duration_ms: served.durationMillis,
    code: served.code
  })

const pretty = ({ code = "", durationMillis, method, requestId, route, status }: Served, timestamp: string) =>
  `${timestamp.slice(11, 23)} INFO  ${message} ${method} ${route} ${status} ${code} ${durationMillis} ms ${requestId}`

export const layer = (format: LogFormat, outlet: Outlet = process.stdout) =>
  Layer.effect(
    AccessLog,
    Effect.gen(function* () {
      let gathered = ""
      let lines = 0
      let missing = 0
      const write = () => {
        if (lines === 0) return
        const [text, count] = [gathered, lines]
        gathered = ""
        lines = 0
        outlet.write(text, (error) => void (missing += error ? count : 0))
      }
      const isFull = () => outlet.writableLength >= mostWaitingBytes
      const lineOf = format === "json" ? json : pretty
      yield* Effect.addFinalizer(() => Effect.sync(write))
      yield* Effect.forkScoped(
        Effect.repeat(
          Effect.suspend(() => {
            write()
            if (missing === 0 || isFull()) return Effect.void
            const count = missing
            missing = 0
            return Effect.logWarning("lines not written", { severity: "expected", lines: count })
          }),
          writeEvery
        )
      )
      return (served: Served) => {
        if (isFull()) {
          missing += 1
          return
        }
        gathered += `${lineOf(served, new Date(served.millis).toISOString())}\n`
        lines += 1
        if (gathered.length >= mostGatheredBytes) write()
      }
    })
  )
