/**
 * Whether the database answers, known without asking it: a ping every second on a connection of its own.
 *
 * Two failed pings in a row, the second at once, are an outage: calls then fail immediately, until a ping succeeds.
 * No call is the probe. A call that finds the database away brings the next ping forward.
 * A database that is full or read-only still answers, and is up: calls that only read are served, and the server itself
 * refuses the others. That it is read-only is known from the pings; that it is full only the calls find out.
 */
import { Clock, Context, DateTime, Effect, Fiber, Metric, Queue, type Scope } from "effect"
import type { SqlClient } from "effect/sql"
import { type DependencySnapshot, monotonicMillis } from "../resilience/index.ts"
import type { CallTally } from "./callTally.ts"
import type { DatabaseUnavailable, UnavailableReason } from "./errors.ts"
import { typedFailures, unavailable } from "./sqlFailures.ts"

export type DatabaseStatus =
  | { readonly up: true; readonly since: DateTime.Utc; readonly readOnly: boolean }
  | { readonly up: false; readonly since: DateTime.Utc; readonly reason: UnavailableReason }

const upGauge = Metric.gauge("holdfast_database_up", {
  description: "1 while the database answers, 0 during an outage"
})
const readOnlyGauge = Metric.gauge("holdfast_database_read_only", {
  description: "1 while the database answers and takes no writes"
})

export class DatabaseHealth extends Context.Service<
  DatabaseHealth,
  {
    /** Asks now. */
    readonly ping: Effect.Effect<void, DatabaseUnavailable>
    /** What the last pings said, and since when; from memory. */
    readonly status: Effect.Effect<DatabaseStatus>
    /** The database as the kit shows a dependency: its circuit, its pool, its calls. Operators' calls are not in it. */
    readonly snapshot: Effect.Effect<DependencySnapshot>
  }
>()("holdfast/database/DatabaseHealth") {}

export interface Circuit {
  /** Fails at once during an outage. */
  readonly gate: Effect.Effect<void, DatabaseUnavailable>
  /** Whether a ping that was sent at this time or later was answered: a late call is then slow, the database not away. */
  readonly answeredSince: (monotonicMillis: number) => boolean
  /** Says that a call found the database away. */
  readonly suspect: Effect.Effect<void>
}

/** Answers whether the server is read-only: a standby, or told so. */
const pingWith = (sql: SqlClient.SqlClient, withinMillis: number): Effect.Effect<boolean, DatabaseUnavailable> =>
  sql<{ readOnly: boolean }>`select current_setting('transaction_read_only') = 'on' as "readOnly"`.pipe(
    Effect.map(([row]) => row?.readOnly === true),
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
  if (!now.up) return Effect.logError("the database is down").pipe(Effect.annotateLogs({ reason: now.reason }))
  if (now.readOnly) return Effect.logError("the database takes no writes")
  if (before.up) return Effect.logWarning("the database takes writes again")
  const outageSeconds = Math.round((now.since.epochMilliseconds - before.since.epochMilliseconds) / 1000)
  return Effect.logWarning("the database is back").pipe(Effect.annotateLogs({ outageSeconds }))
}

/** What a ping found. */
type Found =
  | { readonly up: true; readonly readOnly: boolean }
  | { readonly up: false; readonly reason: UnavailableReason }

/** Watches until the scope closes. A ping has until the next one is due. `sql` must have connections that nothing else uses. */
export const watchHealth = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  everyMillis: number,
  pool: { readonly tally: CallTally; readonly size: number }
): Effect.fn.Return<{ readonly health: DatabaseHealth["Service"]; readonly circuit: Circuit }, never, Scope.Scope> {
  let status: DatabaseStatus = { up: true, since: yield* DateTime.now, readOnly: false }
  /** Of the outages that are over. */
  let outageMillis = 0
  const wake = yield* Queue.sliding<void>(1)
  const ping = pingWith(sql, everyMillis)

  /** When the last ping that was answered was sent: an answer may be read long after the server has fallen silent. */
  let answeredAt = monotonicMillis(yield* Clock.Clock)

  const become = Effect.fnUntraced(function* (found: Found) {
    yield* Metric.update(upGauge, found.up ? 1 : 0)
    yield* Metric.update(readOnlyGauge, found.up && found.readOnly ? 1 : 0)
    const now = yield* DateTime.now
    const before = status
    const changed = before.up && found.up ? before.readOnly !== found.readOnly : before.up !== found.up
    if (!changed) return
    if (!before.up) outageMillis += now.epochMilliseconds - before.since.epochMilliseconds
    status = { ...found, since: before.up === found.up ? before.since : now }
    yield* announce(before, status)
  })
  const pinged = Effect.gen(function* () {
    const sentAt = monotonicMillis(yield* Clock.Clock)
    const readOnly = yield* ping
    answeredAt = sentAt
    return readOnly
  })
  const look = pinged.pipe(
    Effect.retry({ times: 1 }),
    Effect.matchEffect({
      onSuccess: (readOnly) => become({ up: true, readOnly }),
      onFailure: ({ reason }) => become({ up: false, reason })
    })
  )
  yield* look.pipe(
    Effect.andThen(Effect.timeoutOption(Queue.take(wake), everyMillis)),
    Effect.forever,
    Effect.forkScoped
  )
  return {
    health: DatabaseHealth.of({
      ping: Effect.asVoid(ping),
      status: Effect.sync(() => status),
      snapshot: Effect.map(Clock.currentTimeMillis, (now) =>
        pool.tally.snapshot(
          pool.size,
          status,
          outageMillis + (status.up ? 0 : now - status.since.epochMilliseconds),
          now
        )
      )
    }),
    circuit: {
      gate: Effect.suspend(() => (status.up ? Effect.void : Effect.fail(unavailable(status.reason, "none")))),
      answeredSince: (millis) => answeredAt >= millis,
      suspect: Effect.asVoid(Queue.offer(wake, undefined))
    }
  }
})
