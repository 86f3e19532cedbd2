/**
 * How long to sleep before the next attempt, as Schedules whose randomness is the fiber's `Random`.
 *
 * Both spread the callers that failed together, and both are cut hard: no sleep is longer than `cap`, after the jitter.
 * Whole milliseconds. The formulas are those of AWS' "Exponential Backoff And Jitter" (2015).
 */
import { Duration, Effect, Random, Schedule } from "effect"

export interface BackoffOptions {
  readonly base: Duration.Input
  /** No sleep is longer than this. */
  readonly cap: Duration.Input
}

const millis = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))
const slept = (wait: number): [Duration.Duration, Duration.Duration] => [Duration.millis(wait), Duration.millis(wait)]

/** Full jitter: uniform between 0 and min(cap, base x 2^n). The least work for a dependency that comes back. */
const full = (options: BackoffOptions): Schedule.Schedule<Duration.Duration> => {
  const base = millis(options.base)
  const cap = millis(options.cap)
  return Schedule.fromStepWithMetadata(
    Effect.succeed(({ attempt }) =>
      Effect.map(Random.next, (random) => slept(Math.round(random * Math.min(cap, base * 2 ** (attempt - 1)))))
    )
  )
}

/** Decorrelated jitter: uniform between base and three times the last sleep, at most cap. Never retries at once. */
const decorrelated = (options: BackoffOptions): Schedule.Schedule<Duration.Duration> => {
  const base = millis(options.base)
  const cap = millis(options.cap)
  return Schedule.fromStep(
    Effect.sync(() => {
      let last = base
      return () =>
        Effect.map(Random.next, (random) => {
          last = Math.min(cap, Math.round(base + random * (last * 3 - base)))
          return slept(last)
        })
    })
  )
}

/** No wait but what the dependency asks for. */
const none: Schedule.Schedule<Duration.Duration> = Schedule.fromStep(Effect.succeed(() => Effect.succeed(slept(0))))

export const Backoff = { full, decorrelated, none }
