/**
 * Reads of the database through the kit, for features that have a substitute: its failures in, and out again.
 *
 * Only for reads: a write that the kit gave up on may have happened, and a read changes nothing.
 */
import { Duration, Effect, Schema } from "effect"
import { type DependencyUnavailable, TransientFailure } from "../resilience/index.ts"
import { DatabaseUnavailable, QueryTimeout, UnavailableReason } from "./errors.ts"

type Down = DatabaseUnavailable | QueryTimeout

/** What the kit may substitute; every other failure of the read is an answer of the database's, and passes. */
export const substitutable = <A, E>(read: Effect.Effect<A, E>): Effect.Effect<A, Exclude<E, Down> | TransientFailure> =>
  Effect.mapError(read, (error) => {
    if (error instanceof DatabaseUnavailable) return new TransientFailure({ reason: error.reason, sent: "no" })
    if (error instanceof QueryTimeout) return new TransientFailure({ reason: "no_answer", sent: "no" })
    return error as Exclude<E, Down>
  })

const isReason = Schema.is(UnavailableReason)

/** When there is no substitute: the database's own reason where it was asked, else that it had not answered before. */
export const withoutSubstitute = ({ last, reason, retryAfter }: DependencyUnavailable): DatabaseUnavailable =>
  new DatabaseUnavailable({
    reason: isReason(last?.reason) ? last.reason : reason === "BulkheadFull" ? "pool_exhausted" : "no_answer",
    outcome: "none",
    retryAfterSeconds: Math.max(1, Math.ceil(Duration.toSeconds(retryAfter)))
  })
