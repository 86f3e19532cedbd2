/**
 * A policy as the numbers that the machine reads: milliseconds, with every absent part filled in.
 *
 * The only home of the kit's own numbers. A policy that contradicts itself is `PolicyInvalid`, with every problem named.
 */
import { Duration, Effect, type Schedule } from "effect"
import type { TransientFailure } from "./errors.ts"
import type { Policy } from "./Policy.ts"

/** An hour of `Retry-After` is a mistake more often than a wish; nobody who waits for an answer waits longer than this. */
const retryAfterCap = "60 seconds"
/** Simulated total outages: a fifth of the successes keeps retries under 1.1 x; of all calls it would be 1.3 x. */
const budget = { ratio: 0.2, reserve: 10, refillPerSecond: 0.1, window: "10 seconds" } as const
/** One probe is enough to learn that the other side is back, and the least that it has to bear. */
const probes = 1
/** Long enough for caches and pools of the other side to warm up, short enough that nobody notices. */
const rampUp = "2 seconds"
/** Below a hundred answers a 95th percentile is the word of fewer than five of them. */
const hedge = { percentile: 0.95, minimumSamples: 100 } as const
/** A thousand values bound the memory; a dependency that needs more has a cache of its own. */
const staleEntries = 1000

/** A policy that cannot work. The caller must correct the named fields. */
export class PolicyInvalid {
  readonly _tag = "PolicyInvalid" as const
  readonly category = "permanent" as const
  readonly dependency: string
  readonly problems: ReadonlyArray<string>
  constructor(dependency: string, problems: ReadonlyArray<string>) {
    this.dependency = dependency
    this.problems = problems
  }
  get message(): string {
    return `The policy of ${this.dependency} cannot work: ${this.problems.join("; ")}.`
  }
}

export interface Settings {
  readonly deadlineMs: number
  readonly attemptMs: number
  readonly floorMs: number
  readonly connectMs: number
  readonly attempts: number
  readonly backoff: Schedule.Schedule<unknown, TransientFailure>
  readonly retryAfterCapMs: number
  readonly budget: {
    readonly ratio: number
    readonly reserve: number
    readonly refillPerMs: number
    readonly windowMs: number
  }
  readonly breaker: {
    readonly consecutive: number
    readonly openMs: number
    readonly probes: number
    readonly rampMs: number
    readonly rate: RateSettings | undefined
  }
  readonly limit: { readonly maximum: number; readonly minimum: number; readonly initial: number }
  readonly queue: { readonly size: number; readonly waitMs: number }
  readonly rateLimit: { readonly intervalMs: number; readonly burst: number } | undefined
  readonly hedge: { readonly percentile: number; readonly minimumSamples: number } | undefined
  readonly staleMs: number
  readonly staleEntries: number
  /** `Infinity`: an interrupted caller waits for its attempt's end. */
  readonly graceMs: number
}

export interface RateSettings {
  readonly failures: number
  readonly minimumCalls: number
  readonly windowMs: number
  readonly slowShare: number
  readonly slowMs: number
}

const millis = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))

const translate = (policy: Policy): Settings => {
  const { breaker, adaptive, rateLimit } = policy
  const attemptMs = millis(policy.attemptTimeout)
  return {
    deadlineMs: millis(policy.deadline),
    attemptMs,
    floorMs: millis(policy.attemptFloor ?? 0),
    connectMs: Math.min(attemptMs, millis(policy.connectTimeout ?? policy.attemptTimeout)),
    attempts: policy.attempts,
    backoff: policy.backoff,
    retryAfterCapMs: millis(policy.retryAfterCap ?? retryAfterCap),
    budget: {
      ratio: policy.budget?.ratio ?? budget.ratio,
      reserve: policy.budget?.reserve ?? budget.reserve,
      refillPerMs: (policy.budget?.refillPerSecond ?? budget.refillPerSecond) / 1000,
      windowMs: millis(policy.budget?.window ?? budget.window)
    },
    breaker: {
      consecutive: breaker.consecutive,
      openMs: millis(breaker.openFor),
      probes: breaker.probes ?? probes,
      rampMs: millis(breaker.rampUp ?? rampUp),
      rate: breaker.rate && {
        failures: breaker.rate.failures,
        minimumCalls: breaker.rate.minimumCalls,
        windowMs: millis(breaker.rate.window),
        slowShare: breaker.rate.slow?.share ?? Infinity,
        slowMs: breaker.rate.slow === undefined ? Infinity : millis(breaker.rate.slow.over)
      }
    },
    limit: {
      maximum: policy.concurrency,
      minimum: adaptive?.minimum ?? policy.concurrency,
      initial: adaptive?.initial ?? policy.concurrency
    },
    queue: { size: policy.queue?.size ?? 0, waitMs: millis(policy.queue?.wait ?? 0) },
    rateLimit: rateLimit && {
      intervalMs: millis(rateLimit.per) / rateLimit.permits,
      burst: rateLimit.burst ?? rateLimit.permits
    },
    hedge: policy.hedge && {
      percentile: policy.hedge.percentile ?? hedge.percentile,
      minimumSamples: policy.hedge.minimumSamples ?? hedge.minimumSamples
    },
    staleMs: policy.staleFor === undefined ? Infinity : millis(policy.staleFor),
    staleEntries: policy.staleEntries ?? staleEntries,
    graceMs: policy.interruptGrace === undefined ? Infinity : millis(policy.interruptGrace)
  }
}

const share = (value: number) => value >= 0 && value <= 1
const count = (value: number) => Number.isInteger(value) && value >= 1

/** Each rule with the sentence that its breach is reported by. */
const rules: ReadonlyArray<readonly [holds: (s: Settings) => boolean, problem: string]> = [
  [(s) => s.deadlineMs > 0, "deadline must be above zero"],
  [(s) => s.attemptMs > 0 && Number.isFinite(s.attemptMs), "attemptTimeout must be above zero and finite"],
  [(s) => s.floorMs < s.deadlineMs, "attemptFloor must be below the deadline"],
  [(s) => count(s.attempts), "attempts must be a whole number from 1"],
  [(s) => s.budget.ratio >= 0 && s.budget.reserve >= 0, "the budget must not be negative"],
  [(s) => s.breaker.consecutive >= 1, "breaker.consecutive must be at least 1"],
  [(s) => s.breaker.openMs > 0, "breaker.openFor must be above zero"],
  [(s) => count(s.breaker.probes), "breaker.probes must be a whole number from 1"],
  [(s) => s.breaker.rate === undefined || share(s.breaker.rate.failures), "breaker.rate.failures is a share, 0 to 1"],
  [(s) => s.breaker.rate === undefined || s.breaker.rate.windowMs > 0, "breaker.rate.window must be above zero"],
  [(s) => s.limit.maximum >= 1, "concurrency must be at least 1"],
  [
    (s) => s.limit.minimum >= 1 && s.limit.minimum <= s.limit.initial && s.limit.initial <= s.limit.maximum,
    "adaptive wants 1 <= minimum <= initial <= concurrency"
  ],
  [
    (s) => s.rateLimit === undefined || (s.rateLimit.intervalMs > 0 && s.rateLimit.burst >= 1),
    "rateLimit needs permits, time and a burst of at least 1"
  ],
  [(s) => s.hedge === undefined || share(s.hedge.percentile), "hedge.percentile is a share, 0 to 1"]
]

/** The policy as numbers, or every reason why it cannot work. */
export const settingsOf = (dependency: string, policy: Policy): Effect.Effect<Settings, PolicyInvalid> => {
  const settings = translate(policy)
  const problems = rules.filter(([holds]) => !holds(settings)).map(([, problem]) => problem)
  return problems.length === 0 ? Effect.succeed(settings) : Effect.fail(new PolicyInvalid(dependency, problems))
}
