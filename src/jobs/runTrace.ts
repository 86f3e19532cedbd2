/**
 * A run of a job as a span: it goes on with the trace of whoever made the job, and points at what woke it.
 *
 * A run that ends with a failure is one that failed, whatever becomes of it later. One that was interrupted, because the
 * node stops or the lease was lost, is none: it is run again from the beginning.
 */
import { Cause, Clock, Context, Effect, Exit, Tracer } from "effect"
import { parseTraceparent } from "../telemetry/traces/traceContext.ts"
import { Tracing } from "../telemetry/traces/Tracing.ts"
import type { ClaimedJob, Settlement } from "./Job.ts"

const linksOf = ({ causedBy, traceparent }: ClaimedJob) => {
  const cause = causedBy === traceparent ? undefined : parseTraceparent(causedBy)
  return cause === undefined ? [] : [cause]
}

const errorTypeOf = (exit: Exit.Exit<Settlement, unknown>): string | undefined => {
  if (Exit.isFailure(exit)) return Cause.hasInterruptsOnly(exit.cause) ? undefined : "defect"
  return "failure" in exit.value ? exit.value.failure.code : undefined
}

export const traced =
  (job: ClaimedJob) =>
  <E, R>(run: Effect.Effect<Settlement, E, R>): Effect.Effect<Settlement, E, R> =>
    Effect.gen(function* () {
      const { enter, records } = yield* Tracing
      const parent = parseTraceparent(job.traceparent)
      // A job that nobody asked for, where nobody listens.
      if (parent === undefined && !records) return yield* run
      const clock = yield* Clock.Clock
      const { end, span } = enter({
        name: `process ${job.queue}`,
        kind: "consumer",
        parent,
        links: linksOf(job),
        startTime: clock.currentTimeNanosUnsafe()
      })
      const told = (exit: Exit.Exit<Settlement, E>) => {
        const settlement = Exit.isSuccess(exit) ? exit.value : undefined
        end({
          endTime: clock.currentTimeNanosUnsafe(),
          errorType: errorTypeOf(exit),
          attributes: {
            "messaging.system": "holdfast",
            "messaging.operation.type": "process",
            "messaging.destination.name": job.queue,
            "messaging.message.id": job.id,
            "holdfast.job.key": job.key,
            "holdfast.job.attempt": job.attempts,
            "holdfast.job.settlement": settlement?._tag,
            "holdfast.request_id": job.requestId
          }
        })
      }
      return yield* Effect.provideContext(run, Context.make(Tracer.ParentSpan, span)).pipe(
        Effect.onExit((exit) => Effect.sync(() => told(exit)))
      )
    })
