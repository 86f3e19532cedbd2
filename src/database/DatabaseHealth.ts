/**
 * Whether the database answers, known without asking it: a ping every second on a connection of its own.
 *
 * Two failed pings in a row, the second at once, are an outage: calls then fail immediately, until a ping succeeds.
 * No call is the probe. A call that finds the database away brings the next ping forward.
 * A database that is full or read-only still answers: there the calls themselves say so.
 */
import { Context, DateTime, Effect, Fiber, Metric, Queue, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import type { DatabaseUnavailable, UnavailableReason } from "./errors.ts"
import { typedFailures, unavailable } from "./sqlFailures.ts"

export type DatabaseStatus =
  | { readonly up: true; readonly since: DateTime.Utc }
  | { readonly up: false; readonly since: DateTime.Utc; readonly reason: UnavailableReason }

const upGauge = Metric.gauge("holdfast_database_up", {
  description: "1 while the database answers, 0 during an outage"
})

export class DatabaseHealth extends Context.Service<
  DatabaseHealth,
  {
    /** Asks now. */
    readonly ping: Effect.Effect<void, DatabaseUnavailable>
    /** What the last pings said, and since when; from memory. */
    readonly status: Effect.Effect<DatabaseStatus>
  }
>()("holdfast/database/DatabaseHealth") {}

export interface Circuit {
  /** Fails at once during an outage. */
  readonly gate: Effect.Effect<void, DatabaseUnavailable>
  /** Whether a ping was answered at this time or later: a call that is late is then slow, and the database not away. */
  readonly answeredSince: (epochMillis: number) => boolean
  /** Says that a call found the database away. */
  readonly suspect: Effect.Effect<void>
}

const pingWith = (sql: SqlClient.SqlClient, withinMillis: number): Effect.Effect<void, DatabaseUnavailable> =>
  sql`select 1`.pipe(
    typedFailures(
      "health.ping",
      () => "none",
      () => false
    ),
    Effect.catchTag("QueryTimeout", () => Effect.fail(unavailable("no_answer", "none"))),
    // A server that does not answer holds up the interruption too, so the ping is left behind.
    Effect.forkDetach,
    Effect.flatMap((fiber) => Effect.onInterrupt(Fiber.join(fiber), () => Effect.sync(() => fiber.interruptUnsafe()))),
    Effect.timeoutOrElse({ duration: withinMillis, orElse: () => Effect.fail(unavailable("no_answer", "none")) })
  )

const announce = (before: DatabaseStatus, now: DatabaseStatus): Effect.Effect<void> => {
  if (before.up && !now.up)
    return Effect.logError("the database is down").pipe(Effect.annotateLogs({ reason: now.reason }))
  if (before.up || !now.up) return Effect.void
  const outageSeconds = Math.round((now.since.epochMilliseconds - before.since.epochMilliseconds) / 1000)
  return Effect.logWarning("the database is back").pipe(Effect.annotateLogs({ outageSeconds }))
}

/** Watches until the scope closes. A ping has until the next one is due. `sql` must have connections that nothing else uses. */
export const watchHealth = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  everyMillis: number
): Effect.fn.Return<{ readonly health: DatabaseHealth["Service"]; readonly circuit: Circuit }, never, Scope.Scope> {
  let status: DatabaseStatus = { up: true, since: yield* DateTime.now }
  const wake = yield* Queue.sliding<void>(1)
  const ping = pingWith(sql, everyMillis)

  let answeredAt = status.since.epochMilliseconds

  const become = Effect.fnUntraced(function* (reason: UnavailableReason | undefined) {
    yield* Metric.update(upGauge, reason === undefined ? 1 : 0)
    const since = yield* DateTime.now
    if (reason === undefined) answeredAt = since.epochMilliseconds
    if (status.up === (reason === undefined)) return
    const before = status
    status = reason === undefined ? { up: true, since } : { up: false, since, reason }
    yield* announce(before, status)
  })
  const look = ping.pipe(
    Effect.retry({ times: 1 }),
    Effect.matchEffect({ onSuccess: () => become(undefined), onFailure: (error) => become(error.reason) })
  )
  yield* look.pipe(
    Effect.andThen(Effect.timeoutOption(Queue.take(wake), everyMillis)),
    Effect.forever,
    Effect.forkScoped
  )
  return {
    health: DatabaseHealth.of({ ping, status: Effect.sync(() => status) }),
    circuit: {
      gate: Effect.suspend(() => (status.up ? Effect.void : Effect.fail(unavailable(status.reason, "none")))),
      answeredSince: (epochMillis) => answeredAt >= epochMillis,
      suspect: Effect.asVoid(Queue.offer(wake, undefined))
    }
  }
})
