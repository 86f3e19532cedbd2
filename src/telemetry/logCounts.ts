/**
 * Log lines counted by level, also those that nobody reads: a FATAL is an alert of its own.
 *
 * What is not written, because of its level or of its part of the shop, is not counted either.
 */
import { Effect, Layer, Logger } from "effect"
import { isWanted } from "./Logs.ts"
import { registerReadings } from "./readings.ts"

const levels = ["Fatal", "Error", "Warn", "Info"] as const
type Counted = (typeof levels)[number]
const isCounted = (level: string): level is Counted => levels.some((one) => one === level)

/** Beside the loggers that there are. */
export const layer: Layer.Layer<never> = Layer.unwrap(
  Effect.gen(function* () {
    const lines: Record<Counted, number> = { Fatal: 0, Error: 0, Warn: 0, Info: 0 }
    yield* registerReadings(
      levels.map((level) => ({
        type: "counter",
        name: "holdfast_log_lines_total",
        description: "Lines that were logged, by level",
        attributes: { level: level.toUpperCase() },
        read: () => lines[level]
      }))
    )
    const count = Logger.make<unknown, void>((options) => {
      const { logLevel } = options
      if (isCounted(logLevel) && isWanted(options)) lines[logLevel] += 1
    })
    return Logger.layer([count], { mergeWithExisting: true })
  })
)
