/**
 * A worker of one queue: claims what is due, runs a bounded number at once, renews their leases, settles them.
 *
 * A handler answers how its job ends; it does not fail. A handler that dies is a bug: its job is tried again a few
 * times, then it is dead. When the worker stops, what it holds is interrupted and given back at once, uncounted, so that
 * another node need not wait for the lease to end. A job whose lease was lost is interrupted: somebody else has it.
 * A job that has to run alone waits until nothing else of this worker runs; meanwhile nothing else is claimed.
 */
import { Cause, Effect, Fiber, Queue, Schedule, Stream } from "effect"
import { describeCause } from "../telemetry/redaction.ts"
import { backoffMillis } from "./backoff.ts"
import { reachJobPoint } from "./crashPoints.ts"
import { type ClaimedJob, leaseSeconds, Settlement } from "./Job.ts"
import { Jobs } from "./Jobs.ts"
import { makeSettling } from "./settling.ts"

export interface WorkerOptions {
  readonly queue: string
  /** Jobs at once. */
  readonly concurrency: number
  /** Jobs to hold beyond those that run, so that short ones need not wait for the next claim. None unless given. */
  readonly prefetch?: number
  readonly handle: (job: ClaimedJob) => Effect.Effect<Settlement>
}

/** A bug seldom heals by itself; five runs also cover a node that was half deployed. */
const attemptsForADefect = 5
const sweeps = Schedule.spaced("1 second").pipe(Schedule.jittered)

/** Works until interrupted. */
export const runWorker = Effect.fnUntraced(function* (options: WorkerOptions) {
  const { concurrency, prefetch = 0, queue } = options
  const jobs = yield* Jobs
  const settle = yield* makeSettling
  const running = new Map<string, { readonly job: ClaimedJob; readonly fiber: Fiber.Fiber<void> }>()
  const waiting: Array<ClaimedJob> = []
  /** Rung when there may be something to do: the queue says so, or a job has ended. */
  const bell = yield* Queue.sliding<void>(1)
  const ring = Effect.suspend(() => Effect.asVoid(Queue.offer(bell, undefined)))
  const mostHeld = concurrency + prefetch
  /** Held jobs below which the next claim is worth its statement. */
  const few = prefetch === 0 ? concurrency - 1 : mostHeld / 2
  const turn = { active: 0, announced: true, mayHaveMore: false, aloneIsDue: false, aloneRuns: false }
  const held = () => running.size + waiting.length

  const handled = (job: ClaimedJob) =>
    Effect.suspend(() => options.handle(job)).pipe(
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
      Effect.ensuring(
        Effect.suspend(() => {
          turn.active -= 1
          return waiting.length > 0 ? ring : Effect.void
        })
      )
    )
  const run = (job: ClaimedJob) =>
    handled(job).pipe(
      Effect.flatMap((settlement) => settle(job, settlement)),
      Effect.onInterrupt(() => settle(job, Settlement.later(0))),
      Effect.ensuring(
        Effect.suspend(() => {
          running.delete(job.id)
          if (turn.aloneRuns) {
            // Others may wait to run alone as well: a worker that crashed held several.
            turn.aloneRuns = false
            turn.aloneIsDue = true
          }
          return held() === 0 || (turn.mayHaveMore && held() <= few) ? ring : Effect.void
        })
      ),
      Effect.annotateLogs({ job_id: job.id })
    )

  const scope = yield* Effect.scope
  const startOne = Effect.suspend(() => {
    const job = waiting.shift()
    if (job === undefined) return Effect.void
    turn.active += 1
    return Effect.map(Effect.forkIn(run(job), scope, { startImmediately: true }), (fiber) => {
      if (fiber.pollUnsafe() === undefined) running.set(job.id, { job, fiber })
    })
  })
  const startAll = Effect.whileLoop({
    while: () => waiting.length > 0 && turn.active < concurrency,
    body: () => startOne,
    step: () => undefined
  })

  // A claim is not interrupted: what it took and nobody knew of would keep its lease until that ended.
  const claimMore = Effect.suspend(() => {
    const free = mostHeld - held()
    turn.mayHaveMore = true
    if (turn.aloneRuns || free <= 0) return Effect.void
    return Effect.flatMap(jobs.claim(queue, free), (claimed) => {
      turn.mayHaveMore = claimed.length === free
      waiting.push(...claimed)
      return claimed.length > 0 ? reachJobPoint("job.claimed") : Effect.void
    })
  }).pipe(Effect.uninterruptible)
  const claimAlone = Effect.map(jobs.claimAlone(queue), (claimed) => {
    turn.aloneIsDue = false
    turn.aloneRuns = claimed.length > 0
    turn.announced = true
    waiting.push(...claimed)
  }).pipe(Effect.uninterruptible)
  const claimWhatIsDue = Effect.suspend(() => {
    if (turn.aloneIsDue) return held() === 0 ? claimAlone : Effect.void
    if (!turn.announced && !(turn.mayHaveMore && held() <= few)) return Effect.void
    turn.announced = false
    return claimMore
  }).pipe(Effect.catch((error) => Effect.logWarning("no jobs claimed", { queue, code: error._tag })))

  const renewAll = Effect.suspend(() => {
    const all = [...running.values()]
    if (held() === 0) return Effect.void
    return jobs.renew([...all.map(({ job }) => job), ...waiting]).pipe(
      Effect.flatMap((ids) => {
        const kept = waiting.filter(({ id }) => ids.has(id))
        waiting.splice(0, waiting.length, ...kept)
        return Fiber.interruptAll(all.filter(({ job }) => !ids.has(job.id)).map(({ fiber }) => fiber))
      }),
      Effect.catch((error) => Effect.logWarning("leases not renewed", { queue, code: error._tag }))
    )
  })
  const sweepAll = jobs.sweep.pipe(
    Effect.andThen(jobs.hasAlone(queue)),
    Effect.flatMap((isDue) => {
      turn.aloneIsDue = isDue && !turn.aloneRuns
      return isDue ? ring : Effect.void
    }),
    Effect.catch((error) => Effect.logWarning("leases not swept", { queue, code: error._tag }))
  )

  yield* Effect.addFinalizer(() =>
    Effect.forEach(waiting.splice(0), (job) => settle(job, Settlement.later(0)), {
      concurrency: "unbounded",
      discard: true
    })
  )
  yield* Effect.forkScoped(Effect.repeat(renewAll, Schedule.spaced(`${leaseSeconds / 3} seconds`)))
  yield* Effect.forkScoped(Effect.repeat(sweepAll, sweeps))
  const announcements = Stream.runForEach(jobs.due(queue), () => {
    turn.announced = true
    return ring
  })
  yield* Effect.forkScoped(announcements)
  return yield* Queue.take(bell).pipe(
    Effect.andThen(startAll),
    Effect.andThen(claimWhatIsDue),
    Effect.andThen(startAll),
    Effect.forever
  )
}, Effect.scoped)

const defect = { code: "defect", category: "permanent" } as const
