/** What operators are told of rate limits: counts and a gauge when somebody scrapes, and one line a second while they refuse. */
import { Effect, Metric, Schedule } from "effect"
import type { Rate } from "./Rate.ts"

const refused = Metric.counter("holdfast_rate_limited_total", {
  description: "Requests that were refused because somebody asked too often, by limit",
  incremental: true
})
const buckets = Metric.gauge("holdfast_rate_limit_buckets", {
  description: "Addresses and accounts that are counted at the moment, over all limits"
})

/** A line for each refusal would cost more than what was refused. */
export const reportRates = Effect.fnUntraced(function* (
  counts: Readonly<Record<Rate["name"], number>>,
  size: () => number
) {
  let told = { ...counts }
  const report = Effect.gen(function* () {
    const now = { ...counts }
    const since: Partial<Record<string, number>> = {}
    yield* Metric.update(buckets, size())
    for (const [limit, count] of Object.entries(now)) {
      const many = count - told[limit as Rate["name"]]
      if (many === 0) continue
      since[limit] = many
      yield* Metric.update(Metric.withAttributes(refused, { limit }), many)
    }
    told = now
    if (Object.keys(since).length > 0) yield* Effect.logWarning("requests refused: asked too often", since)
  })
  yield* Effect.forkScoped(Effect.repeat(report, Schedule.spaced("1 second")))
})
