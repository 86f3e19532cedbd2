/**
 * When an order's job comes back, or that it does not.
 *
 * What was refused before it left is tried again soon, and is nobody's fault; what may have taken effect is looked at in
 * the order's own rhythm (`waiting.ts`). Transient trouble ends by age, not by count: an order that has been in its state
 * for longer than it may needs a person, and so does everything that trying again cannot cure.
 */
import { Duration, Effect, Random } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { InventoryRefused, ReservationEnded, ReservationLost } from "../dependencies/inventory/errors.ts"
import type { PaymentKeyReused, PaymentMismatch, PaymentRefused } from "../dependencies/payments/errors.ts"
import { backoffMillis } from "../jobs/backoff.ts"
import { type ClaimedJob, type JobFailure, Settlement } from "../jobs/Job.ts"
import type { DependencyUnavailable } from "../resilience/index.ts"
import type { NextStep } from "./OrderStore.ts"
import { isOverdue, pauseMillis } from "./waiting.ts"

export type Stopped =
  | PaymentRefused
  | PaymentMismatch
  | PaymentKeyReused
  | InventoryRefused
  | ReservationEnded
  | ReservationLost
  | DependencyUnavailable
  | DatabaseUnavailable
  | QueryTimeout

/** What the job stopped at, and why. Without a failure there was just nothing certain to be said yet. */
export interface Outcome {
  readonly waits?: Exclude<NextStep, { readonly _tag: "Finished" | "LeaseLost" }>
  readonly failure?: Stopped
}

export const settlementOf = Effect.fnUntraced(function* (job: ClaimedJob, { failure, waits }: Outcome) {
  if (waits?._tag === "Stuck") return yield* dead(job, { code: waits.code, category: "permanent" })
  const code = failure === undefined ? undefined : { code: failure._tag, category: failure.category }
  if (code !== undefined && code.category !== "transient") return yield* dead(job, code)
  const overdue = waits !== undefined && isOverdue(waits.record, waits.nowMillis)
  if (overdue && !(neverLeft(failure) && isJustReplayed(job))) return yield* dead(job, needsOperator)
  if (code !== undefined) {
    yield* Effect.logWarning("order waits", { severity: "expected", ...code, attempts: job.attempts })
  }
  const delay = yield* delayMillis(job, waits, failure)
  return code === undefined || neverLeft(failure) ? Settlement.later(delay) : Settlement.retry(delay, code)
})

const needsOperator: JobFailure = { code: "needs_operator", category: "permanent" }

const dead = (job: ClaimedJob, failure: JobFailure) =>
  Effect.as(
    Effect.logError("order needs an operator", { severity: "critical", ...failure, attempts: job.attempts }),
    Settlement.dead(failure)
  )

const neverLeft = (failure: Stopped | undefined): boolean =>
  failure?._tag === "DependencyUnavailable" && failure.attempts === 0

/**
 * Whoever replays an order has looked at it, and is not called again before it could even be tried: a circuit that is
 * still open is closed within seconds of the provider's return.
 */
const isJustReplayed = ({ replayedMillis }: ClaimedJob): boolean =>
  replayedMillis !== undefined && replayedMillis < replayTriedWithinMillis
const replayTriedWithinMillis = 120_000

/** Spread over up to a quarter more, so that what stopped together does not come back together. */
const spread = (millis: number) => Effect.map(Random.next, (random) => Math.round(millis * (1 + random / 4)))

const delayMillis = (job: ClaimedJob, waits: Outcome["waits"], failure: Stopped | undefined): Effect.Effect<number> => {
  if (failure?._tag === "DependencyUnavailable" && failure.attempts === 0) {
    return spread(Math.min(longestMillis, Math.max(shortestMillis, Duration.toMillis(failure.retryAfter))))
  }
  if (waits === undefined) return backoffMillis(Math.min(job.attempts, databaseAttempts))
  return Effect.map(Random.next, (draw) => pauseMillis(waits.record, waits.nowMillis, draw))
}

/**
 * What the database failed at says nothing about the order: its waits do not grow beyond eight seconds, so that an order
 * that met with many failures is not the last one when the database is well. A node works at few orders at once.
 */
const databaseAttempts = 4

/** What an operator switched off for an hour may be on again in a minute: the order is not to sleep through that. */
const longestMillis = 30_000

/** A circuit that opens for milliseconds is not worth more looks at the order than this. */
const shortestMillis = 500
