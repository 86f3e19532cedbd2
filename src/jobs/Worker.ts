/**
 * A worker of one queue: claims what is due, runs a bounded number at once, renews their leases, settles them.
 *
 * A handler answers how its job ends; it does not fail. A handler that dies is a bug: its job is tried again a few
 * times, then it is dead. When the worker stops, what it holds is interrupted and given back at once, uncounted, so that
 * another node need not wait for the lease to end. A job whose lease was lost is interrupted: somebody else has it.
 * A job that has to run alone waits until nothing else of this worker runs; meanwhile nothing else is claimed.
 */
import { Cause, Effect, Fiber, Queue, Schedule, Stream } from "effect"
import { ForAJob } from "../database/ForAJob.ts"
import { AskedBy } from "../telemetry/AskedBy.ts"
import { debug } from "../telemetry/debug.ts"
import { describeCause } from "../telemetry/redaction.ts"
import { backoffMillis } from "./backoff.ts"
import { reachJobPoint } from "./crashPoints.ts"
import { type ClaimedJob, leaseSeconds, Settlement } from "./Job.ts"
import { Jobs } from "./Jobs.ts"
import { traced } from "./runTrace.ts"
import { makeSettling } from "./settling.ts"

export interface WorkerOptions {
  readonly queue: string
  /** Jobs at once. */
  readonly concurrency: number
  /** Jobs at once while it is true that something else comes first; asked before each claim and start. */
  readonly givingWay?: { readonly when: () => boolean; readonly concurrency: number }
  /** Jobs to hold beyond those that run, so that short ones need not wait for the next claim. None unless given. */
  readonly prefetch?: number
  readonly handle: (job: ClaimedJob) => Effect.Effect<Settlement>
}

/** A bug seldom heals by itself; five runs also cover a node that was half deployed. */
const attemptsForADefect = 5
const sweeps = Schedule.spaced("1 second").pipe(Schedule.jittered)

/** Works until interrupted. */
export const runWorker = Effect.fnUntraced(function* (options: WorkerOptions) {
  const { concurrency, givingWay, prefetch = 0, queue } = options
  const atOnce = () => (givingWay?.when() === true ? givingWay.concurrency : concurrency)
  const jobs = yield* Jobs
  const running = new Map<string, { readonly job: ClaimedJob; readonly fiber: Fiber.Fiber<Settlement> }>()
  const waiting: Array<ClaimedJob> = []
  /** Ended, and not settled yet. */
  const ended = new Map<string, ClaimedJob>()
  /** Rung when there may be something to do: the queue says so, or a job has ended. */
  const bell = yield* Queue.sliding<void>(1)
  const ring = () => void Queue.offerUnsafe(bell, undefined)
  const mostHeld = concurrency + prefetch
  /** Held jobs up to which the next claim is worth its statement. */
  const few = prefetch === 0 ? concurrency - 1 : Math.floor(mostHeld / 2)
  /** Of a claim. With prefetch half of what may be held: one half is claimed while the other runs and is settled. */
  const mostClaimed = prefetch === 0 ? concurrency : Math.max(concurrency, mostHeld - few)
  const turn = { active: 0, announced: true, mayHaveMore: false, aloneIsDue: false, aloneRuns: false }
  const held = () => turn.active + waiting.length + ended.size
  const mayClaimMore = () => turn.mayHaveMore && held() <= few

  const settle = yield* makeSettling((batch) =>
    Effect.sync(() => {
      for (const [job] of batch) ended.delete(job.id)
      // Others may wait to run alone as well: a worker that crashed held several.
      if (turn.aloneRuns) turn.aloneIsDue = !(turn.aloneRuns = false)
      if (held() === 0 || mayClaimMore()) ring()
    })
  )
  const end = (job: ClaimedJob, settlement: Settlement) => {
    running.delete(job.id)
    turn.active -= 1
    ended.set(job.id, job)
    settle(job, settlement)
    if (waiting.length > 0) ring()
  }

  const run = (job: ClaimedJob) =>
    Effect.suspend(() => options.handle(job)).pipe(
      Effect.onExit((exit) => {
        if (exit._tag === "Success") {
          const fields = () => ({ queue, key: job.key, settlement: exit.value._tag, attempts: job.attempts })
          return Effect.andThen(
            debug("jobs", "a job has run", fields),
            Effect.sync(() => end(job, exit.value))
          )
        }
        if (Cause.hasInterruptsOnly(exit.cause)) return Effect.sync(() => end(job, Settlement.later(0)))
        return Effect.logError("job died", {
          job: job.id,
          key: job.key,
          queue,
          ...defect,
          ...describeCause(exit.cause)
        }).pipe(
          Effect.andThen(backoffMillis(job.attempts)),
          Effect.map((delay) =>
            end(job, job.attempts >= attemptsForADefect ? Settlement.dead(defect) : Settlement.retry(delay, defect))
          )
        )
      }),
      // Around what is said of the run's end, so that these lines have its ids, too.
      traced(job),
      Effect.provideService(AskedBy, job.requestId),
      Effect.provideService(ForAJob, true),
      Effect.annotateLogs({ job_id: job.id, ...(job.requestId === undefined ? {} : { request_id: job.requestId }) })
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
    while: () => waiting.length > 0 && turn.active < atOnce(),
    body: () => startOne,
    step: () => undefined
  })

  // A claim is not interrupted: what it took and nobody knew of would keep its lease until that ended.
  const claimMore = Effect.suspend(() => {
    const free = Math.min(mostClaimed, atOnce() + prefetch - held())
    turn.mayHaveMore = true
    if (turn.aloneRuns || free <= 0) return Effect.void
    return Effect.flatMap(jobs.claim(queue, free), (claimed) => {
      turn.mayHaveMore = claimed.length === free
      waiting.push(...claimed)
      return claimed.length > 0 ? reachJobPoint("job.claimed") : Effect.void
    })
  }).pipe(
    Effect.uninterruptible,
    Effect.andThen(startAll),
    Effect.andThen(Effect.sync(() => (mayClaimMore() ? ring() : undefined)))
  )
  const claimAlone = Effect.map(jobs.claimAlone(queue), (claimed) => {
    turn.aloneIsDue = false
    turn.aloneRuns = claimed.length > 0
    turn.announced = true
    waiting.push(...claimed)
    if (claimed.length === 0) ring()
  }).pipe(Effect.uninterruptible)
  const claimWhatIsDue = Effect.suspend(() => {
    if (turn.aloneIsDue) return held() === 0 ? claimAlone : Effect.void
    if (!turn.announced && !mayClaimMore()) return Effect.void
    turn.announced = false
    return claimMore
  }).pipe(Effect.catch((error) => Effect.logWarning("no jobs claimed", { queue, code: error._tag })))

  const renewAll = Effect.suspend(() => {
    const all = [...running.values()]
    if (held() === 0) return Effect.void
    return jobs.renew([...all.map(({ job }) => job), ...waiting, ...ended.values()]).pipe(
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
    Effect.map((isDue) => {
      turn.aloneIsDue = isDue && !turn.aloneRuns
      if (isDue) ring()
    }),
    Effect.catch((error) => Effect.logWarning("leases not swept", { queue, code: error._tag }))
  )

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const job of waiting.splice(0)) settle(job, Settlement.later(0))
    })
  )
  yield* Effect.forkScoped(Effect.repeat(renewAll, Schedule.spaced(`${leaseSeconds / 3} seconds`)))
  yield* Effect.forkScoped(Effect.repeat(sweepAll, sweeps))
  const announcements = Stream.runForEach(jobs.due(queue), () =>
    Effect.sync(() => {
      turn.announced = true
      ring()
    })
  )
  yield* Effect.forkScoped(announcements)
  return yield* Queue.take(bell).pipe(
    Effect.andThen(startAll),
    Effect.andThen(claimWhatIsDue),
    Effect.andThen(startAll),
    Effect.forever
  )
}, Effect.scoped)

const defect = { code: "defect", category: "permanent" } as const
