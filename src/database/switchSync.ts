/**
 * How one node and the database come to agree about the operators' orders, in one turn at a time.
 *
 * A turn stores what this node has changed, reads what is in force, ends what is over, and brings up what was forgotten.
 * Turns come every half second, and at once when a node says that something has changed.
 */
import { Cause, Clock, Effect, type Exit, Queue, Result, type Scope, Semaphore, Stream } from "effect"
import type { Switchboard } from "../resilience/index.ts"
import type { DatabaseCalls } from "./calls.ts"
import type { DatabaseUnavailable, QueryTimeout } from "./errors.ts"
import type { OwnChange, SwitchLedger } from "./SwitchLedger.ts"
import { claimForgotten, endOver, readSwitches, writeChange } from "./switchRows.ts"

/** A lost notification costs a node this long, and a round trip: together within the second that is promised. */
const lookEvery = "500 millis"

export type Turn = Effect.Effect<void, DatabaseUnavailable | QueryTimeout>

export const monotonicMillis = Effect.map(Clock.Clock, (clock) => Number(clock.monotonicTimeNanosUnsafe()) / 1e6)

/** An order in a line of the log. */
export const said = (order: Pick<OwnChange, "target" | "kind" | "actor" | "reason">) => ({
  "feature_flag.key": order.target,
  "feature_flag.variant": order.kind,
  actor: order.actor,
  reason: order.reason
})

/** `look` is the part of a turn that only reads: a server that takes no writes lets a node start. */
export const makeTurn = Effect.fnUntraced(function* (
  database: DatabaseCalls,
  ledger: SwitchLedger,
  board: Switchboard
): Effect.fn.Return<{ readonly turn: Turn; readonly look: Turn }> {
  const one = yield* Semaphore.make(1)

  const store = Effect.fnUntraced(function* (change: OwnChange) {
    const age = (yield* monotonicMillis) - change.madeAt
    yield* database.transaction("switches.store", (sql) => writeChange(sql, change, age))
    change.stored = true
    yield* Effect.logInfo("an operator's order is stored", { ...said(change), ageMillis: Math.round(age) })
  })
  const read = Effect.gen(function* () {
    const { someOver, standing } = yield* database.read("switches.read", readSwitches)
    ledger.saw(standing, yield* Clock.currentTimeMillis)
    board.replaceAll(ledger.orders)
    return { someOver, someForgotten: standing.some(({ forgotten }) => forgotten) }
  })
  const bringUp = Effect.gen(function* () {
    const forgotten = yield* database.query("switches.forgotten", claimForgotten)
    yield* Effect.forEach(forgotten, (order) =>
      Effect.logError("an operator's order without an end is still in force", { severity: "critical", ...said(order) })
    )
  })
  const turn = Effect.gen(function* () {
    // What cannot be stored keeps neither the rest from being stored nor this node from reading: a server that is
    // read-only, or full, still says what is in force.
    const stored = yield* Effect.forEach(ledger.unstored, (change) => Effect.exit(store(change)))
    const { someForgotten, someOver } = yield* read
    if (someOver) yield* database.query("switches.end", endOver)
    if (someForgotten) yield* bringUp
    yield* Effect.all(stored, { discard: true })
  })
  return { turn: one.withPermits(1)(turn), look: Effect.asVoid(read) }
})

const failedFirst = (exit: Exit.Exit<void, DatabaseUnavailable | QueryTimeout>, failedBefore: boolean) => {
  if (exit._tag === "Success" || failedBefore) return Effect.void
  const code = Result.map(Cause.findError(exit.cause), (error): string => error._tag)
  return Effect.logWarning("the operators' orders stay as they were seen last", {
    severity: "expected",
    code: Result.getOrElse(code, () => "defect")
  })
}

/** A turn after every announcement and after every half second, until the scope closes. One line a run of failures. */
export const keepTurning = Effect.fnUntraced(function* (
  turn: Turn,
  announcements: Stream.Stream<string>
): Effect.fn.Return<void, never, Scope.Scope> {
  const wake = yield* Queue.sliding<void>(1)
  let failed = false
  const turnOnce = Effect.flatMap(Effect.exit(turn), (exit) => {
    const before = failed
    failed = exit._tag === "Failure"
    return failedFirst(exit, before)
  })
  yield* Effect.forkScoped(Stream.runForEach(announcements, () => Queue.offer(wake, undefined)))
  yield* Effect.timeoutOption(Queue.take(wake), lookEvery).pipe(
    Effect.andThen(turnOnce),
    Effect.forever,
    Effect.forkScoped
  )
})
