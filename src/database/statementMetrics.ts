/**
 * How long calls to the database take and how they end, by their name; a slow one is also a line in the log.
 *
 * Waiting for a place in the pool does not count. Never a value, never SQL: names are few, so the series are.
 */
import { Clock, Effect, Exit, Metric } from "effect"
import { debug } from "../telemetry/debug.ts"

const seconds = Metric.histogram("holdfast_database_call_seconds", {
  description: "Time that calls to the database took, by name",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
})
const slow = Metric.counter("holdfast_database_slow_total", {
  description: "Calls to the database that took longer than the limit of a slow statement, by name",
  incremental: true
})

export const measured =
  (name: string, slowMillis: number) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Clock.clockWith((clock) => {
      const start = clock.currentTimeNanosUnsafe()
      return Effect.onExit(self, (exit) => {
        const millis = Number(clock.currentTimeNanosUnsafe() - start) / 1_000_000
        const took = Metric.update(
          Metric.withAttributes(seconds, { name, outcome: Exit.isSuccess(exit) ? "ok" : "error" }),
          millis / 1000
        )
        if (millis <= slowMillis) {
          const fields = () => ({ call: name, outcome: exit._tag, duration_ms: millis })
          return Effect.andThen(took, debug("database", "called the database", fields))
        }
        return Effect.andThen(took, Metric.update(Metric.withAttributes(slow, { name }), 1)).pipe(
          Effect.andThen(Effect.logWarning("slow database call")),
          Effect.annotateLogs({ call: name, durationMillis: Math.round(millis) })
        )
      })
    })
