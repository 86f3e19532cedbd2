/**
 * The queue: a table, so that a job is enqueued in the same transaction as what makes it necessary.
 *
 * Claims are batched, skip what others hold, and go by the database's clock. A lease that is not renewed ends, and its
 * job goes back to the others with its attempt counted, to run alone. Everything that a worker writes about a job is
 * fenced by the lease's token: a worker that was away too long finds its writes refused, never applied twice.
 * Effect's `PersistedQueue` is not the interface: its handler cannot tell a retry from a dead letter, or wake a key.
 */
import { Context, type Effect, Layer, type Stream } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { By, ClaimedJob, NewJob, QueueStatus, Settlement } from "./Job.ts"
import { makeJobsMemory } from "./jobsMemory.ts"
import { makeJobsPostgres } from "./jobsPostgres.ts"

type Failures = DatabaseUnavailable | QueryTimeout

export class Jobs extends Context.Service<
  Jobs,
  {
    /**
     * Adds the job in the open transaction; wakes the one that is there when queue and key exist. A dead one stays dead:
     * what it was woken for waits for the replay, and the dead letter says so.
     */
    readonly enqueue: (job: NewJob) => Effect.Effect<void, Failures>
    /** Makes an existing job due now, or, while it runs, due again when it settles; a dead one as `enqueue` does. */
    readonly wake: (queue: string, key: string) => Effect.Effect<void, Failures>
    /** Up to `limit` due jobs, oldest due first; none of a paused queue. */
    readonly claim: (queue: string, limit: number) => Effect.Effect<ReadonlyArray<ClaimedJob>, Failures>
    /** A due job that must run alone, if there is one: for a worker that runs nothing else. */
    readonly claimAlone: (queue: string) => Effect.Effect<ReadonlyArray<ClaimedJob>, Failures>
    /** Whether a job is due that must run alone. */
    readonly hasAlone: (queue: string) => Effect.Effect<boolean, Failures>
    /** False when the lease was lost: then nothing was written. */
    readonly settle: (job: ClaimedJob, settlement: Settlement) => Effect.Effect<boolean, Failures>
    /** Settles many at once; answers the ids that were still held. */
    readonly settleAll: (
      settled: ReadonlyArray<readonly [job: ClaimedJob, settlement: Settlement]>
    ) => Effect.Effect<ReadonlySet<string>, Failures>
    /** Extends the leases; answers the ids that are still held. */
    readonly renew: (jobs: ReadonlyArray<ClaimedJob>) => Effect.Effect<ReadonlySet<string>, Failures>
    /** Gives jobs whose lease has ended back, to run alone. Answers how many there were. */
    readonly sweep: Effect.Effect<number, Failures>
    /** Emits when there may be work: on notification, and every second. */
    readonly due: (queue: string) => Stream.Stream<void>
    /** From now on nothing of the queue is claimed, on no node. What runs goes on. */
    readonly pause: (queue: string, by: By) => Effect.Effect<void, Failures>
    readonly resume: (queue: string, by: By) => Effect.Effect<void, Failures>
    /** Every queue that has jobs or is paused, by name. */
    readonly queues: Effect.Effect<ReadonlyArray<QueueStatus>, Failures>
  }
>()("holdfast/jobs/Jobs") {
  static readonly layer = Layer.effect(Jobs, makeJobsPostgres)
  static readonly layerMemory: Layer.Layer<Jobs> = Layer.effect(Jobs, makeJobsMemory)
}
