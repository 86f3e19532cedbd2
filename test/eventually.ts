/**
 * Waits until something is so: looks again and again, and when it takes too long dies with what it saw last. A repetition
 * by a schedule alone ends, when that runs out, with the last value as if that were what was waited for.
 */
import { inspect } from "node:util"
import { type Duration, Effect, Schedule } from "effect"

interface Patience {
  readonly every?: Duration.Input
  /** A machine that does much else is slow; whoever waits this long has seen that it does not come. */
  readonly within?: Duration.Input
}

export const eventually = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  is: (seen: A) => boolean,
  { every = "50 millis", within = "20 seconds" }: Patience = {}
): Effect.Effect<A, E, R> =>
  Effect.repeat(look, { until: is, schedule: Schedule.spaced(every).pipe(Schedule.upTo({ duration: within })) }).pipe(
    Effect.filterOrElse(is, (last) =>
      Effect.die(new Error(`it did not come to that within ${String(within)}: ${inspect(last).slice(0, 2_000)}`))
    )
  )
