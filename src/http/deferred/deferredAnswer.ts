/** A deferred write as a client sees it. */
import { DateTime, Effect, Schema } from "effect"
import type { Deferred as DeferredWrite, Kept } from "../../jobs/spool/Deferred.ts"
import { OfDeferring } from "../../orders/refusals.ts"
import { OfDeferredSignUp } from "../../users/DeferredSignUps.ts"
import { answeredDegraded, CurrentRequest } from "../CurrentRequest.ts"
import { keyOfDeferred } from "../Idempotency.ts"
import { problems, type Row, rowOf } from "../problems.ts"
import { problemOf } from "../rendering.ts"
import { respond } from "../responses.ts"
import { Deferred } from "./DeferredApi.ts"

/** Seconds. An outage that is over sooner is rare, and who asks more often learns nothing. */
const askAgainAfter = 5

const decodeProblem = Schema.decodeUnknownEffect(Schema.Union([...OfDeferring.members, ...OfDeferredSignUp.members]))

const problemShown = Effect.fnUntraced(function* (stored: unknown) {
  // One that does not read any more was written by another version: a defect.
  const error = yield* Effect.orDie(decodeProblem(stored))
  const { id: requestId } = yield* CurrentRequest
  const timestamp = DateTime.formatIso(yield* DateTime.now)
  const row = rowOf(error) ?? (problems.Unexpected as unknown as Row<typeof error>)
  return problemOf(error, row, { requestId, timestamp, safe: true })
})

const shown = Effect.fnUntraced(function* ({ acceptUntil, id, outcome, quotedTotal }: DeferredWrite) {
  const always = { id, acceptUntil, ...(quotedTotal === undefined ? {} : { quotedTotal }) }
  if (outcome === undefined) return { ...always, status: "waiting" } satisfies Deferred
  if (outcome._tag === "Applied") {
    return { ...always, status: "applied", resource: outcome.resource } satisfies Deferred
  }
  return { ...always, status: "failed", problem: yield* problemShown(outcome.problem) } satisfies Deferred
})

const again = { "retry-after": String(askAgainAfter) }

/** 202: in custody, under the client's own key or, where it sent none, under one that it does not know. */
export const keptAnswer = Effect.fnUntraced(function* ({ deferred, replayed }: Kept, key: string | undefined) {
  yield* answeredDegraded
  return yield* respond(Deferred, yield* shown(deferred), {
    status: 202,
    headers: {
      location: `/v1/deferred/${deferred.id}`,
      ...again,
      ...(key === undefined ? {} : keyOfDeferred(deferred, replayed))
    }
  })
})

export const deferredAnswer = Effect.fnUntraced(function* (deferred: DeferredWrite) {
  const headers = deferred.outcome === undefined ? again : {}
  return yield* respond(Deferred, yield* shown(deferred), { status: 200, headers })
})
