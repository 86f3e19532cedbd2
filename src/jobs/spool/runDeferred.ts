/**
 * Applies deferred writes: a job each, one transaction each, which decides about the write and keeps what was decided.
 *
 * One that a bug keeps from being decided ends in the dead letters after a few attempts, where an operator replays it.
 */
import { Effect, Layer, Option } from "effect"
import { backoffMillis } from "../backoff.ts"
import { type ClaimedJob, Settlement } from "../Job.ts"
import type { Assess } from "../ReplaySafety.ts"
import { runWorker } from "../Worker.ts"
import { Appliers, deferredQueue } from "./Deferred.ts"
import { DeferredWrites } from "./DeferredWrites.ts"
import type { Entry } from "./Spool.ts"

/**
 * What came in during an outage must not keep out those who come after it: two of the pool's ten connections. Alone on a
 * node they apply about half of what ten direct requests at once write; beside those, far less.
 */
const deferredAtOnce = 2

/** Only the database can fail it: the waits do not grow beyond eight seconds, however often it did. */
const databaseAttempts = 4

export const runDeferred = Effect.gen(function* () {
  const writes = yield* DeferredWrites
  const appliers = yield* Appliers
  const apply = (entry: Entry) => appliers[entry.kind](entry)

  return (job: ClaimedJob): Effect.Effect<Settlement> =>
    writes.decide(job.key, apply).pipe(
      Effect.flatMap(
        Option.match({
          // Decided before, by a run that was not heard of.
          onNone: () => Effect.succeed(Settlement.done),
          onSome: (decision) => {
            if (decision._tag === "Later") return Effect.succeed(Settlement.later(decision.delayMillis))
            const code = decision._tag === "Failed" ? { code: decision.problem["_tag"] } : {}
            const told = { deferred: job.key, outcome: decision._tag, ...code }
            return Effect.as(Effect.logInfo("a deferred write was decided", told), Settlement.done)
          }
        })
      ),
      Effect.catch(({ _tag: code, category }) =>
        Effect.gen(function* () {
          yield* Effect.logWarning("a deferred write waits", { severity: "expected", code, attempts: job.attempts })
          return Settlement.retry(yield* backoffMillis(Math.min(job.attempts, databaseAttempts)), { code, category })
        })
      )
    )
})

/** An operator's replay of one in the dead letters. */
export const deferredReplaySafety: Assess = (letters) =>
  Effect.succeed(
    letters.map(() => ({
      verdict: "safe",
      would: "Decides about it, and finds what its key has made already; nothing is made twice."
    }))
  )

export const deferredWorker = Layer.effectDiscard(
  Effect.flatMap(runDeferred, (handle) =>
    Effect.forkScoped(runWorker({ queue: deferredQueue, concurrency: deferredAtOnce, handle }))
  )
)
