/**
 * A worker of one queue: claims what is due, runs a bounded number at once, renews their leases, settles each.
 *
 * A handler answers how its job ends; it does not fail. A handler that dies is a bug: its job is tried again a few
 * times, then it is dead. When the worker stops, what runs is interrupted and given back at once, uncounted, so that
 * another node need not wait for the lease to end. A job whose lease was lost is interrupted: somebody else has it.
 */
import { Cause, Effect, Fiber, Schedule, type Scope, Stream } from "effect"
import { describeCause } from "../telemetry/redaction.ts"
import { backoffMillis } from "./backoff.ts"
import { type ClaimedJob, leaseSeconds, Settlement } from "./Job.ts"
import { Jobs } from "./Jobs.ts"

export interface WorkerOptions {
  readonly queue: string
  /** Jobs at once. */
  readonly concurrency: number
  readonly handle: (job: ClaimedJob) => Effect.Effect<Settlement>
}

/** A bug seldom heals by itself; five runs also cover a node that was half deployed. */
const attemptsForADefect = 5

/** Works until interrupted. */
export const runWorker = Effect.fnUntraced(function* (options: WorkerOptions) {
  const jobs = yield* Jobs
  const running = new Map<string, { readonly job: ClaimedJob; readonly fiber: Fiber.Fiber<void> }>()

  const settle = (job: ClaimedJob, settlement: Settlement) =>
    jobs.settle(job, settlement).pipe(
      Effect.retry({ times: 3, schedule: Schedule.exponential("50 millis").pipe(Schedule.jittered) }),
      Effect.matchEffect({
        onSuccess: (held) =>
          held ? Effect.void : Effect.logWarning("job settled by another", { job: job.id, queue: job.queue }),
        // The lease ends and the job runs again: every handler is idempotent.
        onFailure: (error) => Effect.logWarning("job not settled", { job: job.id, queue: job.queue, code: error._tag })
      })
    )

  const run = (job: ClaimedJob) =>
    options.handle(job).pipe(
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.failCause(cause as Cause.Cause<never>)
          : Effect.andThen(
              Effect.logError("job died", { job: job.id, queue: job.queue, ...describeCause(cause) }),
              job.attempts >= attemptsForADefect
                ? Effect.succeed(Settlement.dead(defect))
                : Effect.map(backoffMillis(job.attempts), (delay) => Settlement.retry(delay, defect))
            )
      ),
      Effect.flatMap((settlement) => Effect.uninterruptible(settle(job, settlement))),
      Effect.onInterrupt(() => settle(job, Settlement.later(0))),
      Effect.annotateLogs({ job_id: job.id })
    )

  const start = (job: ClaimedJob) =>
    Effect.map(
      Effect.forkScoped(
        Effect.ensuring(
          run(job),
          Effect.sync(() => running.delete(job.id))
        )
      ),
      (fiber) => void (fiber.pollUnsafe() === undefined && running.set(job.id, { job, fiber }))
    )

  const claimAll: Effect.Effect<void, never, Scope.Scope> = Effect.suspend(() => {
    const free = options.concurrency - running.size
    if (free <= 0) return Effect.void
    return jobs.claim(options.queue, free).pipe(
      Effect.flatMap((claimed) =>
        Effect.andThen(
          Effect.forEach(claimed, start, { discard: true }),
          claimed.length === free ? claimAll : Effect.void
        )
      ),
      Effect.catch((error) => Effect.logWarning("no jobs claimed", { queue: options.queue, code: error._tag }))
    )
  })

  const renewAll = Effect.suspend(() => {
    const held = [...running.values()]
    if (held.length === 0) return Effect.void
    return jobs.renew(held.map(({ job }) => job)).pipe(
      Effect.flatMap((ids) => Fiber.interruptAll(held.filter(({ job }) => !ids.has(job.id)).map(({ fiber }) => fiber))),
      Effect.catch((error) => Effect.logWarning("leases not renewed", { queue: options.queue, code: error._tag }))
    )
  })
  const sweepAll = Effect.catch(Effect.asVoid(jobs.sweep), (error) =>
    Effect.logWarning("leases not swept", { queue: options.queue, code: error._tag })
  )

  yield* Effect.forkScoped(Effect.repeat(renewAll, Schedule.spaced(`${leaseSeconds / 3} seconds`)))
  yield* Effect.forkScoped(Effect.repeat(sweepAll, Schedule.spaced("1 second").pipe(Schedule.jittered)))
  return yield* jobs.due(options.queue).pipe(
    Stream.buffer({ capacity: 1, strategy: "sliding" }),
    Stream.runForEach(() => claimAll),
    Effect.andThen(Effect.never)
  )
}, Effect.scoped)

const defect = { code: "defect", category: "permanent" } as const
