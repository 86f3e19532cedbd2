/**
 * Settles in batches: what ends while a statement is under way goes into the next one together.
 *
 * A job's fiber does not wait for that: it hands its settlement over and ends. One fiber writes, and says what it wrote,
 * or could not write; then those leases end by themselves. What is handed over while the scope closes is written too.
 */
import { Effect, Metric, Queue, Schedule } from "effect"
import { describeCause } from "../telemetry/redaction.ts"
import type { ClaimedJob, Settlement } from "./Job.ts"
import { reachJobPoint } from "./crashPoints.ts"
import { Jobs } from "./Jobs.ts"

const settledJobs = Metric.counter("holdfast_jobs_settled_total", {
  description: "Runs of jobs that were settled, by queue and outcome: done, later, retry, dead",
  incremental: true
})

export type Settled = readonly [job: ClaimedJob, settlement: Settlement]

/** A statement of more is not cheaper a job. */
const most = 500
const again = Schedule.exponential("50 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 3 }))

/** `onWritten` runs after each statement, whatever came of it. Answers what hands a settlement over. */
export const makeSettling = Effect.fnUntraced(function* (
  onWritten: (batch: ReadonlyArray<Settled>) => Effect.Effect<void>
) {
  const jobs = yield* Jobs
  const waiting: Array<Settled> = []
  const bell = yield* Queue.sliding<void>(1)

  const write = Effect.fnUntraced(function* (batch: ReadonlyArray<Settled>) {
    yield* reachJobPoint("job.settle.before")
    const held = yield* jobs.settleAll(batch).pipe(Effect.tap(reachJobPoint("job.settle.after")), Effect.retry(again))
    const outcomes = Map.groupBy(batch, ([job, { _tag }]) => JSON.stringify([job.queue, _tag.toLowerCase()]))
    for (const [key, runs] of outcomes) {
      const [queue = "", outcome = ""] = JSON.parse(key) as ReadonlyArray<string>
      yield* Metric.update(Metric.withAttributes(settledJobs, { queue, outcome }), runs.length)
    }
    yield* Effect.forEach(
      batch.filter(([job]) => !held.has(job.id)),
      ([job]) => Effect.logWarning("job settled by another", { job: job.id, queue: job.queue }),
      { discard: true }
    )
  })
  // The lease ends and the job runs again: every handler is idempotent.
  const notWritten = (batch: ReadonlyArray<Settled>, why: Readonly<Record<string, unknown>>) =>
    Effect.logWarning("jobs not settled", { jobs: batch.length, queue: batch[0]?.[0].queue, ...why })

  const writeNext = Effect.suspend(() => {
    const batch = waiting.splice(0, most)
    return write(batch).pipe(
      Effect.catch((error) => notWritten(batch, { code: error._tag })),
      // Whoever holds jobs must hear of every one of them, or it waits for them forever, and keeps their leases.
      Effect.catchCause((cause) => notWritten(batch, describeCause(cause))),
      Effect.andThen(onWritten(batch))
    )
  })
  const writeAll = Effect.uninterruptible(
    Effect.whileLoop({ while: () => waiting.length > 0, body: () => writeNext, step: () => undefined })
  )
  yield* Effect.addFinalizer(() => writeAll)
  yield* Queue.take(bell).pipe(
    // Those that end in the same moment come along.
    Effect.andThen(Effect.yieldNow),
    Effect.andThen(writeAll),
    Effect.forever,
    Effect.forkScoped
  )

  return (job: ClaimedJob, settlement: Settlement): void => {
    waiting.push([job, settlement])
    Queue.offerUnsafe(bell, undefined)
  }
})
