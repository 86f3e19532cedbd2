/**
 * Hands what the spool holds over to the database as soon as it is back: first the row and its job, in one transaction,
 * then the spool forgets it. A crash in between hands it over again, which changes nothing.
 *
 * Oldest first, one after the other on one connection, so that those who come back after an outage are served first. One
 * that cannot be handed over is left where it is for a minute, and the others go on.
 */
import { Cause, Clock, Effect, Layer, Schedule } from "effect"
import { DatabaseHealth } from "../../database/DatabaseHealth.ts"
import { monotonicMillis } from "../../resilience/index.ts"
import { describeCause } from "../../telemetry/redaction.ts"
import { reach } from "../crashPoints.ts"
import { asOf } from "./entryOrigin.ts"
import { DeferredWrites } from "./DeferredWrites.ts"
import { type Entry, Spool } from "./Spool.ts"

/** One read of the spool. */
const batch = 50
const stuckMillis = 60_000
const looks = Schedule.spaced("500 millis").pipe(Schedule.jittered)

/** One pass over what waits, as far as the database goes along. Answers how many were handed over. */
export const makeHandover = Effect.gen(function* () {
  const spool = yield* Spool
  const writes = yield* DeferredWrites
  /** When to try those again that a bug of ours keeps here. */
  const stuck = new Map<string, number>()

  const handOver = Effect.fnUntraced(function* (entry: Entry) {
    yield* asOf(entry)(writes.take(entry))
    yield* reach("spool.taken")
    yield* spool.remove(entry.id)
    stuck.delete(entry.id)
    yield* Effect.logInfo("a deferred write was handed over", { deferred: entry.id, kind: entry.kind })
  })
  const orLeaveIt = (entry: Entry) =>
    handOver(entry).pipe(
      Effect.as(1),
      Effect.catchCauseIf(Cause.hasDies, (cause) =>
        Effect.gen(function* () {
          stuck.set(entry.id, monotonicMillis(yield* Clock.Clock) + stuckMillis)
          const which = { deferred: entry.id, kind: entry.kind, severity: "unexpected" }
          yield* Effect.logError("a deferred write cannot be handed over", { ...which, ...describeCause(cause) })
          return 0
        })
      )
    )

  return Effect.gen(function* () {
    const now = monotonicMillis(yield* Clock.Clock)
    const entries = yield* spool.oldest(batch + stuck.size)
    const due = entries.filter(({ id }) => (stuck.get(id) ?? now) <= now)
    const handed = yield* Effect.forEach(due, orLeaveIt)
    return handed.reduce((sum, one) => sum + one, 0)
  })
})

/** As long as the database answers. */
export const handover = Layer.effectDiscard(
  Effect.gen(function* () {
    const spool = yield* Spool
    const health = yield* DatabaseHealth
    const pass = yield* makeHandover
    const passes = Effect.gen(function* () {
      if ((yield* spool.snapshot).depth === 0 || !(yield* health.status).up) return
      while ((yield* pass) > 0);
    })
    yield* passes.pipe(
      Effect.catch(({ _tag: code }) => Effect.logInfo("deferred writes are not handed over yet", { code })),
      Effect.repeat(looks),
      Effect.forkScoped
    )
  })
)
