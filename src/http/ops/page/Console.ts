/**
 * What the operators' page shows, as it was a moment ago: one look a second for all who watch.
 *
 * What comes from the database is kept, with its time, when it cannot be read: the page is of use then above all.
 */
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import type { LetterGroup } from "../../../jobs/DeadLetter.ts"
import { DeadLetters } from "../../../jobs/DeadLetters.ts"
import type { QueueStatus } from "../../../jobs/Job.ts"
import { Jobs } from "../../../jobs/Jobs.ts"
import { Drain } from "../../../ops/Drain.ts"
import { type Switchable, switchboard } from "../../../ops/switchboard.ts"
import type { DependencySnapshot } from "../../../resilience/index.ts"

/** Something as it was seen last. */
export interface Seen<A> {
  readonly value: A
  readonly at: DateTime.Utc
  /** It could not be read now. */
  readonly old: boolean
}

export interface Look {
  readonly at: DateTime.Utc
  readonly draining: boolean
  readonly circuits: ReadonlyArray<DependencySnapshot>
  readonly switches: ReadonlyArray<Switchable>
  readonly queues: Option.Option<Seen<ReadonlyArray<QueueStatus>>>
  readonly letters: Option.Option<Seen<ReadonlyArray<LetterGroup>>>
}

/** A page that waits longer for the database shows what it saw last. */
const patience = "800 millis"
/** More groups are a flood, and a page that long helps nobody. */
const mostGroups = 50

export class Console extends Context.Service<
  Console,
  {
    readonly look: Effect.Effect<Look>
    /** Something was changed: the next look is a new one. */
    readonly lookAnew: Effect.Effect<void>
  }
>()("holdfast/http/Console") {
  static readonly layer = Layer.effect(
    Console,
    Effect.gen(function* () {
      const letters = yield* DeadLetters
      const jobs = yield* Jobs
      const drain = yield* Drain
      const board = yield* switchboard

      const queues = keepingTheLast(jobs.queues)
      const groups = keepingTheLast(Effect.map(letters.groups({}), (all) => all.slice(0, mostGroups)))
      const [look, lookAnew] = yield* Effect.gen(function* () {
        const [ofQueues, ofLetters] = yield* Effect.all([queues, groups], { concurrency: 2 })
        return {
          at: yield* DateTime.now,
          draining: drain.begun,
          circuits: yield* board.circuits,
          switches: yield* board.switches,
          queues: ofQueues,
          letters: ofLetters
        }
      }).pipe(Effect.cachedInvalidateWithTTL("900 millis"))
      return Console.of({ look, lookAnew })
    })
  )
}

const keepingTheLast = <A, E>(read: Effect.Effect<A, E>): Effect.Effect<Option.Option<Seen<A>>> => {
  let last: Seen<A> | undefined
  return Effect.gen(function* () {
    const now = yield* DateTime.now
    const fresh = yield* Effect.result(Effect.timeout(read, patience))
    if (Result.isSuccess(fresh)) last = { value: fresh.success, at: now, old: false }
    else if (last !== undefined) last = { ...last, old: true }
    return Option.fromNullishOr(last)
  })
}
