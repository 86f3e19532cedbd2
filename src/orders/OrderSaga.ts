/**
 * Runs an order's job: asks the machine what comes next, does it outside, and takes the answer back, until it is done.
 *
 * What is sent comes from the committed step, never from memory. An answer that is not known leaves the operation as
 * sent; the job comes back, asks what became of it, and sends it again under the same key while the key is young. Before
 * each send it makes sure that its lease and the key still hold, by a clock that nobody can set. What the provider
 * refuses for good, what looks wrong, and what waits longer than it may, ends the job as dead, for a person to look at.
 */
import { Clock, Effect, Option } from "effect"
import { Inventory } from "../dependencies/inventory/Inventory.ts"
import { Payments } from "../dependencies/payments/Payments.ts"
import { type ClaimedJob, Settlement } from "../jobs/Job.ts"
import { debug } from "../telemetry/debug.ts"
import { keepingElsewhere } from "./keepingElsewhere.ts"
import { OrderId } from "./Order.ts"
import { type Answered, type NextStep, OrderStore } from "./OrderStore.ts"
import { payingFor } from "./payingFor.ts"
import { ReturnUrl } from "./ReturnUrl.ts"
import { keyLifeMillis } from "./saga.ts"
import { type Answer, isOfStock, nameOf } from "./sagaRecord.ts"
import { type Outcome, settlementOf, type Stopped } from "./sagaSettlement.ts"

/** Nothing is sent with less left of the lease; the worker renews it while the call runs. */
const leaseLeftMillis = 2_000

type Outside = Exclude<NextStep, { readonly _tag: "Finished" | "LeaseLost" }>

export const runOrder = Effect.gen(function* () {
  const store = yield* OrderStore
  const provider = payingFor(yield* Payments, yield* ReturnUrl)
  const keeper = keepingElsewhere(yield* Effect.serviceOption(Inventory))

  const advance = (job: ClaimedJob, answered: Option.Option<Answered>, done: ReadonlySet<string>) =>
    Effect.gen(function* () {
      const before = yield* Clock.monotonicTimeNanos
      const next = yield* store.advance(OrderId.make(job.key), { jobId: job.id, token: job.lease }, answered)
      yield* debug("orders", "the order's next step", () => ({
        step: next._tag,
        operation: "operation" in next ? next.operation : undefined
      }))
      if (next._tag === "Finished" || next._tag === "LeaseLost") return { settlement: Settlement.done } as Turn
      if (next._tag === "Stuck" || done.has(describe(next))) return { waits: next } as Turn
      const elapsed = Number((yield* Clock.monotonicTimeNanos) - before) / 1e6
      return isStale(next, elapsed) ? ({ settlement: Settlement.later(0) } as Turn) : yield* outside(next)
    })

  const answerTo = (next: Exclude<Outside, { _tag: "Stuck" }>): Effect.Effect<Answer | undefined, Stopped> => {
    if (next._tag === "Search") return provider.search(next)
    return isOfStock(next.operation) ? keeper(next.record, next.operation) : provider.settle(next)
  }

  /** Does the one thing that was decided. */
  const outside = (next: Exclude<Outside, { _tag: "Stuck" }>): Effect.Effect<Turn> => {
    const ref = next._tag === "Search" ? ({ operation: "create", seq: 0 } as const) : next
    return answerTo(next).pipe(
      Effect.map((answer): Turn =>
        answer === undefined
          ? { waits: next }
          : { again: Option.some({ ref: { operation: ref.operation, seq: ref.seq }, answer }), from: describe(next) }
      ),
      Effect.catch((failure) => Effect.succeed<Turn>({ waits: next, failure }))
    )
  }

  return (job: ClaimedJob): Effect.Effect<Settlement> =>
    Effect.gen(function* () {
      let turn: Turn = { again: Option.none() }
      const done = new Set<string>()
      while ("again" in turn) {
        if (turn.from !== undefined) done.add(turn.from)
        turn = yield* advance(job, turn.again, done)
      }
      return "settlement" in turn ? turn.settlement : yield* settlementOf(job, turn)
    }).pipe(
      Effect.catch((failure) => settlementOf(job, { failure })),
      Effect.annotateLogs({ order_id: job.key })
    )
})

type Turn =
  | { readonly settlement: Settlement }
  | { readonly again: Option.Option<Answered>; readonly from?: string }
  | (Outcome & { readonly waits: Outside })

/** What is asked for again after its own answer has not moved, or turns in a circle: then the order waits. */
const describe = (next: Outside): string =>
  next._tag === "Search" || next._tag === "Stuck" ? next._tag : `${next._tag} ${nameOf(next)}`

/** Time has passed since the step was committed: its lease, or the life of its key, may be over. Then all begins anew. */
const isStale = (next: Outside, elapsedMillis: number): boolean => {
  if (elapsedMillis > next.leaseMillis - leaseLeftMillis) return true
  if (next._tag !== "Send" || isOfStock(next.operation)) return false
  const sentAt = next.record.sentAtMillis[nameOf(next)] ?? next.nowMillis
  return next.nowMillis + elapsedMillis - sentAt >= keyLifeMillis
}
