/**
 * What the operators' page shows, as it was a moment ago: one look a second for all who watch, and one every 15 seconds when
 * nobody does, so that the first who comes during an outage sees how it was before.
 *
 * What comes from the database is kept, with its time, when it cannot be read: the page is of use then above all.
 */
import { Context, DateTime, Effect, Exit, Layer, Option, Result, Schedule } from "effect"
import type { LetterGroup } from "../../../jobs/DeadLetter.ts"
import { DeadLetters } from "../../../jobs/DeadLetters.ts"
import type { QueueStatus } from "../../../jobs/Job.ts"
import { Jobs } from "../../../jobs/Jobs.ts"
import { type Audited, auditTail } from "../../../ops/auditTail.ts"
import { Drain } from "../../../ops/Drain.ts"
import { type Doubts, doubts } from "../../../ops/doubts.ts"
import { type Invariant, Invariants } from "../../../ops/Invariants.ts"
import { type Flow, OrderFlow } from "../../../ops/OrderFlow.ts"
import { playedFaults, type StrikingFault } from "../../../ops/ProviderFaults.ts"
import { type Switchable, switchboard } from "../../../ops/switchboard.ts"
import type { DependencySnapshot } from "../../../resilience/index.ts"
import { comparing, type Rates } from "./rates.ts"

/** Something as it was seen last. */
export interface Seen<A> {
  readonly value: A
  readonly at: DateTime.Utc
  /** It could not be read now. */
  readonly old: boolean
}

export interface Look {
  readonly at: DateTime.Utc
  /** When this node began to look. */
  readonly since: DateTime.Utc
  readonly draining: boolean
  readonly circuits: ReadonlyArray<DependencySnapshot>
  readonly rates: Rates
  readonly switches: ReadonlyArray<Switchable>
  readonly invariants: ReadonlyArray<Invariant>
  readonly queues: Option.Option<Seen<ReadonlyArray<QueueStatus>>>
  readonly letters: Option.Option<Seen<ReadonlyArray<LetterGroup>>>
  readonly flow: Option.Option<Seen<Flow>>
  readonly doubts: Option.Option<Seen<Doubts>>
  readonly audit: Option.Option<Seen<ReadonlyArray<Audited>>>
  /** Undefined where no sandbox plays the providers: in production. */
  readonly faults: Option.Option<Seen<ReadonlyArray<StrikingFault>>> | undefined
}

/** A page that waits longer for the database shows what it saw last. */
const patience = "800 millis"
/** More groups are a flood, and a page that long helps nobody. */
const mostGroups = 50
/** What moves by the minute is asked for less often than what moves by the second. */
const slowly = "4 seconds"
const unwatched = Schedule.spaced("15 seconds").pipe(Schedule.jittered)

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
      const [letters, jobs, drain] = [yield* DeadLetters, yield* Jobs, yield* Drain]
      const [invariants, flow] = [yield* Invariants, yield* OrderFlow]
      const board = yield* switchboard
      const played = Option.getOrUndefined(yield* playedFaults)
      const since = yield* DateTime.now
      const compared = comparing()

      const now = yield* Effect.all([
        seldom(keepingTheLast(flow.read)),
        seldom(keepingTheLast(yield* doubts)),
        seldom(keepingTheLast(yield* auditTail)),
        played === undefined ? Effect.undefined : seldom(keepingTheLast(orAway(played.striking)))
      ])
      const [ofFlow, ofDoubts, ofAudit, ofFaults] = now
      const queues = keepingTheLast(jobs.queues)
      const groups = keepingTheLast(Effect.map(letters.groups({}), (all) => all.slice(0, mostGroups)))

      const [look, lookAnew] = yield* Effect.gen(function* () {
        const seen = yield* Effect.all(
          {
            queues,
            letters: groups,
            flow: ofFlow.look,
            doubts: ofDoubts.look,
            audit: ofAudit.look,
            faults: ofFaults === undefined ? Effect.undefined : ofFaults.look
          },
          { concurrency: "unbounded" }
        )
        const at = yield* DateTime.now
        const circuits = yield* board.circuits
        return {
          at,
          since,
          draining: drain.begun,
          circuits,
          rates: compared(DateTime.toEpochMillis(at), circuits),
          switches: yield* board.switches,
          invariants: yield* invariants.all,
          ...seen
        }
      }).pipe(Effect.cachedInvalidateWithTTL("900 millis"))
      yield* Effect.forkScoped(Effect.repeat(look, unwatched))
      const anew = Effect.forEach(now, (one) => one?.anew ?? Effect.void, { discard: true })
      return Console.of({ look, lookAnew: Effect.andThen(anew, lookAnew) })
    })
  ).pipe(Layer.provide(OrderFlow.layer))
}

const keepingTheLast = <A, E>(read: Effect.Effect<A, E>): Effect.Effect<Option.Option<Seen<A>>> => {
  let last: Seen<A> | undefined
  return Effect.gen(function* () {
    const at = yield* DateTime.now
    const fresh = yield* Effect.result(Effect.timeout(read, patience))
    if (Result.isSuccess(fresh)) last = { value: fresh.success, at, old: false }
    else if (last !== undefined) last = { ...last, old: true }
    return Option.fromNullishOr(last)
  })
}

/** What plays the providers may be gone for good, which is a defect there, and no reason to show no page here. */
const orAway = <A>(read: Effect.Effect<A>) =>
  Effect.flatMap(Effect.exit(read), (exit) => (Exit.isSuccess(exit) ? Effect.succeed(exit.value) : Effect.fail("away")))

const seldom = <A>(read: Effect.Effect<A>) =>
  Effect.map(Effect.cachedInvalidateWithTTL(read, slowly), ([look, anew]) => ({ look, anew }))
