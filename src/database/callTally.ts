/**
 * What the calls of one pool have come to, as the kit counts a dependency's: plain numbers, read when somebody asks.
 *
 * Only outermost calls count, each once at its start and once at its end. A call that was left behind at its deadline has
 * ended for its caller, and still holds its place in the pool until the server lets go of it.
 */
import { Cause, Clock, Effect, type Exit } from "effect"
import {
  type DependencySnapshot,
  Durations,
  monotonicMillis,
  type Outcome,
  type Rejection
} from "../resilience/index.ts"
import type { DatabaseStatus } from "./DatabaseHealth.ts"
import { DatabaseUnavailable, QueryTimeout } from "./errors.ts"

const rejections = (): Record<Rejection, number> => ({
  DependencyDisabled: 0,
  DeadlineExceeded: 0,
  RetryBudgetExhausted: 0,
  CircuitOpen: 0,
  BulkheadFull: 0,
  RateLimited: 0,
  Exhausted: 0
})

export class CallTally {
  private readonly outcomes: Record<Outcome, number> = {
    success: 0,
    domain: 0,
    stale: 0,
    fallback: 0,
    interrupted: 0,
    defect: 0,
    ...rejections()
  }
  private readonly rejections = rejections()
  private calls = 0
  private admitted = 0
  private ended = 0
  private failures = 0
  private timeouts = 0
  private lastErrorType: string | undefined
  private readonly durations = new Durations()
  /** Attempts of transactions that the database ended because another was in the way. */
  readonly collisions = { deadlock: 0, serialization: 0 }
  private attempts = 0
  /** Attempts that have not ended yet; of these, the ones that have a place in the pool. */
  private unfinished = 0
  private placed = 0

  /** A whole call: `gate` refuses it while the database is known to be away. */
  readonly counting = <A, E, R, E2>(gate: Effect.Effect<void, E2>, self: Effect.Effect<A, E, R>) =>
    Effect.flatMap(Clock.Clock, (clock) => {
      const began = monotonicMillis(clock)
      let admitted = false
      this.calls++
      const enter = Effect.sync(() => {
        admitted = true
        this.admitted++
      })
      return gate.pipe(
        Effect.andThen(enter),
        Effect.andThen(self),
        Effect.onExit((exit) =>
          Effect.sync(() => {
            if (admitted) this.durations.add(monotonicMillis(clock) - began)
            this.end(exit, admitted)
          })
        )
      )
    })

  /** One attempt, its wait for a place included. */
  readonly attempting = <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      this.attempts++
      this.unfinished++
      return Effect.ensuring(
        self,
        Effect.sync(() => void this.unfinished--)
      )
    })

  /** What has its place in the pool. */
  readonly holding = <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      this.placed++
      return Effect.ensuring(
        self,
        Effect.sync(() => void this.placed--)
      )
    })

  private end(exit: Exit.Exit<unknown, unknown>, wasAdmitted: boolean): void {
    if (wasAdmitted) this.ended++
    const outcome = outcomeOf(exit, wasAdmitted)
    this.outcomes[outcome]++
    if (outcome === "CircuitOpen" || outcome === "BulkheadFull") this.rejections[outcome]++
    if (outcome === "DeadlineExceeded") this.timeouts++
    if (outcome === "DeadlineExceeded" || outcome === "Exhausted") this.failures++
    this.lastErrorType = errorTypeOf(exit) ?? this.lastErrorType
  }

  /** The numbers as they are now. */
  counted() {
    const running = this.admitted - this.ended
    return {
      inFlight: this.placed,
      waiting: this.unfinished - this.placed,
      abandoned: Math.max(0, this.unfinished - running),
      lastErrorType: this.lastErrorType,
      calls: this.calls,
      outcomes: { ...this.outcomes },
      rejections: { ...this.rejections },
      attempts: this.attempts,
      failures: this.failures,
      retries: Math.max(0, this.attempts - this.admitted),
      timeouts: this.timeouts
    }
  }

  snapshot(poolSize: number, status: DatabaseStatus, outageMillis: number, nowMillis: number): DependencySnapshot {
    return {
      ...this.counted(),
      name: "database",
      state: status.up ? "closed" : "open",
      stateMillis: nowMillis - status.since.epochMilliseconds,
      retryAfterMillis: status.up ? 0 : askAgainMillis,
      switchedOff: false,
      overrides: [],
      pausedMillis: 0,
      limit: poolSize,
      tokens: 0,
      hedges: 0,
      throttled: 0,
      timers: 0,
      sleepers: 0,
      lastGood: 0,
      durations: [...this.durations.counts],
      outageSeconds: outageMillis / 1000
    }
  }
}

/** The next ping comes within a second, whoever asks. */
const askAgainMillis = 1_000

const outcomeOf = (exit: Exit.Exit<unknown, unknown>, wasAdmitted: boolean): Outcome => {
  if (exit._tag === "Success") return "success"
  const failed = exit.cause.reasons.find(Cause.isFailReason)
  if (failed === undefined) return Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "defect"
  const { error } = failed
  if (error instanceof QueryTimeout) return "DeadlineExceeded"
  if (!(error instanceof DatabaseUnavailable)) return "domain"
  if (!wasAdmitted) return "CircuitOpen"
  return error.reason === "pool_exhausted" ? "BulkheadFull" : "Exhausted"
}

const errorTypeOf = (exit: Exit.Exit<unknown, unknown>): string | undefined => {
  const error = exit._tag === "Success" ? undefined : exit.cause.reasons.find(Cause.isFailReason)?.error
  if (error instanceof DatabaseUnavailable) return error.reason
  return error instanceof QueryTimeout ? error._tag : undefined
}
