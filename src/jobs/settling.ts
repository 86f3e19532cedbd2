/**
 * Settles in batches: what ends while a statement is under way goes into the next one together.
 *
 * Whoever finds nobody at it writes for all that wait, until nobody waits; so a lone settlement is written at once.
 */
import { Deferred, Effect, Schedule } from "effect"
import type { ClaimedJob, Settlement } from "./Job.ts"
import { reachJobPoint } from "./crashPoints.ts"
import { Jobs } from "./Jobs.ts"

type Settled = readonly [job: ClaimedJob, settlement: Settlement]

/** A statement of more is not cheaper a job. */
const most = 500
const again = Schedule.exponential("50 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 3 }))

export const makeSettling = Effect.gen(function* () {
  const jobs = yield* Jobs
  const waiting: Array<{ readonly settled: Settled; readonly written: Deferred.Deferred<void> }> = []
  let writing = false

  const write = Effect.fnUntraced(function* (batch: ReadonlyArray<Settled>) {
    yield* reachJobPoint("job.settle.before")
    const held = yield* jobs.settleAll(batch).pipe(
      Effect.tap(reachJobPoint("job.settle.after")),
      Effect.retry(again),
      Effect.catch((error) =>
        // The lease ends and the job runs again: every handler is idempotent.
        Effect.as(
          Effect.logWarning("jobs not settled", { jobs: batch.length, queue: batch[0]?.[0].queue, code: error._tag }),
          new Set(batch.map(([job]) => job.id))
        )
      )
    )
    const lost = batch.filter(([job]) => !held.has(job.id))
    yield* Effect.forEach(
      lost,
      ([job]) => Effect.logWarning("job settled by another", { job: job.id, queue: job.queue }),
      { discard: true }
    )
  })

  const writeAll = Effect.gen(function* () {
    // Those that end in the same moment come along.
    yield* Effect.yieldNow
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most)
      const told = Effect.sync(() => {
        for (const { written } of batch) Deferred.doneUnsafe(written, Effect.void)
      })
      // Also when it dies: those that wait would wait forever, and keep their leases.
      yield* Effect.ensuring(write(batch.map(({ settled }) => settled)), told)
    }
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        writing = false
      })
    )
  )

  /** Returns when it is written. */
  return (job: ClaimedJob, settlement: Settlement): Effect.Effect<void> =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        const written = Deferred.makeUnsafe<void>()
        waiting.push({ settled: [job, settlement], written })
        if (writing) return Deferred.await(written)
        writing = true
        return Effect.andThen(writeAll, Deferred.await(written))
      })
    )
})
