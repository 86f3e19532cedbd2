/**
 * How long a failed job stays out of sight: exponential with full jitter, from the attempts made so far.
 *
 * The wait is a time in the database, never a sleeping worker. Full jitter (uniform between 0 and the ceiling) spreads
 * a crowd best: AWS Architecture Blog, "Exponential Backoff And Jitter". The first ceiling is 1 s, the last 5 minutes,
 * so that work stuck behind an outage is at most 5 minutes late when the outage ends.
 */
import { Effect, Random } from "effect"

const firstCeilingMillis = 1_000
const lastCeilingMillis = 300_000

/** Milliseconds to wait after the given number of attempts (1 is the first). Never below 100 ms, so nothing spins. */
export const backoffMillis = (attempts: number): Effect.Effect<number> => {
  const ceiling = Math.min(lastCeilingMillis, firstCeilingMillis * 2 ** Math.min(attempts - 1, 20))
  return Effect.map(Random.next, (random) => Math.max(100, Math.round(random * ceiling)))
}
