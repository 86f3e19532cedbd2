/**
 * The one order of the strategies, outside in, with a dependency's own numbers: for people.
 */
import type { Settings } from "./settings.ts"

export const describeSettings = (name: string, s: Settings, chaos: boolean): string => {
  const { breaker, budget, limit, rateLimit, hedge } = s
  const rate =
    breaker.rate &&
    `, or ${breaker.rate.failures * 100} % of ${breaker.rate.minimumCalls}+ calls in ${breaker.rate.windowMs} ms`
  const lines = [
    `fallback or last good value (per call; ${Number.isFinite(s.staleMs) ? `at most ${s.staleMs} ms` : "however"} old)`,
    "kill switch (an operator's)",
    `deadline (${s.deadlineMs} ms in all; no attempt with ${s.floorMs} ms or less left)`,
    `retry${hedge ? ` or hedge (after the ${hedge.percentile * 100}th percentile)` : ""} (at most ${s.attempts} attempts)`,
    `retry budget (${budget.ratio * 100} % of the successes of ${budget.windowMs} ms, and ${budget.reserve})`,
    `Retry-After (for everybody; at most ${s.retryAfterCapMs} ms)`,
    `circuit breaker (${breaker.consecutive} failures in a row${rate ?? ""}; open ${breaker.openMs} ms; ${breaker.probes === 1 ? "1 probe" : `${breaker.probes} probes`})`,
    `bulkhead (${limit.minimum === limit.maximum ? limit.maximum : `${limit.minimum} to ${limit.maximum}`} at once; ${s.queue.size} wait at most ${s.queue.waitMs} ms)`,
    ...(rateLimit ? [`rate limit (one per ${rateLimit.intervalMs} ms, ${rateLimit.burst} at once)`] : []),
    `attempt timeout (${s.attemptMs} ms)`,
    ...(chaos ? ["chaos"] : []),
    "the call"
  ]
  return [name, ...lines.map((line, depth) => `${"  ".repeat(depth + 1)}${line}`)].join("\n")
}
