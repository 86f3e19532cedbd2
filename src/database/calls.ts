/**
 * What surrounds every call to the database, outside in: a deadline (the call's own, or what is left of its request's)
 * that returns even when the server is frozen, the repetition of deadlocked transactions, a bounded wait for a place in
 * the pool, the transaction, the statements. Only the outermost call has a place and a deadline; only a transaction that
 * really begins is repeated.
 */
import { Clock, Context, Duration, Effect, Option, Random, Schedule, Semaphore } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { monotonicMillis, remaining } from "../resilience/index.ts"
import { withDeadline, withPlace } from "./callBounds.ts"
import type { CallTally } from "./callTally.ts"
import type { DatabaseLimits } from "./connections.ts"
import type { Circuit } from "./DatabaseHealth.ts"
import { DatabaseUnavailable, QueryTimeout } from "./errors.ts"
import { ForAJob } from "./ForAJob.ts"
import { type Outcome, typedFailures, unavailable, watchForBugs } from "./sqlFailures.ts"
import { clientSpan } from "../telemetry/traces/ownSpan.ts"
import { measured } from "./statementMetrics.ts"

type Failure<E> = Exclude<E, SqlError.SqlError> | DatabaseUnavailable | QueryTimeout
type Body<A, E, R> = (sql: SqlClient.SqlClient) => Effect.Effect<A, E | SqlError.SqlError, R>

/** What this fiber is inside of. A call within a call on the same pool shares its place there, and its deadline. */
const Inside = Context.Reference<{ readonly pool: unknown; readonly kind: "nothing" | Kind }>(
  "holdfast/database/Inside",
  { defaultValue: () => ({ pool: undefined, kind: "nothing" }) }
)

/** Three more attempts, 10 to 80 ms apart, each delay drawn from zero up so that the colliding parties part. */
const whenCollided = Schedule.exponential("20 millis").pipe(
  Schedule.upTo({ times: 3 }),
  Schedule.modifyDelay(({ duration }) => Effect.map(Random.next, (share) => Duration.times(duration, share)))
)
const collided =
  (tally: CallTally) =>
  (error: unknown): boolean => {
    if (!(error instanceof DatabaseUnavailable)) return false
    if (error.reason !== "deadlock" && error.reason !== "serialization") return false
    tally.collisions[error.reason] += 1
    return true
  }

/** A call's span has the call's name; what its statements are, and with what values, is nowhere in it. */
const span = { ...clientSpan, attributes: { "db.system.name": "postgresql" } } as const

/** How far a call got: what decides whether a lost connection may have done something. */
type Progress = "waiting" | "sent" | "in_transaction" | "committing" | "committed"
const outcomeAt = (progress: Progress, kind: Kind): Outcome =>
  kind !== "read" && (progress === "sent" || progress === "committing") ? "unknown" : "none"

/** A `read` leaves nothing behind, so nothing can be unknown about it. */
type Kind = "read" | "query" | "transaction"

export type DatabaseCalls = Effect.Success<ReturnType<typeof makeCalls>>

export const makeCalls = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  circuit: Circuit,
  limits: Pick<DatabaseLimits, "poolSize" | "jobsShare" | "acquireMillis" | "callMillis" | "slowMillis">,
  tally: CallTally
) {
  const places = yield* Semaphore.make(limits.poolSize)
  const jobsPlaces = yield* Semaphore.make(Math.max(1, Math.floor(limits.poolSize * limits.jobsShare)))
  const clock = yield* Clock.Clock
  const hasCollided = collided(tally)
  const insideOf = Effect.map(Inside, ({ kind, pool }) => (pool === sql ? kind : "nothing"))

  const call = Effect.fnUntraced(function* <A, E, R>(
    name: string,
    kind: Kind,
    body: Body<A, E, R>
  ): Effect.fn.Return<A, Failure<E>, R> {
    const inside = yield* insideOf
    const callersClock = yield* Clock.Clock
    const begins = kind === "transaction" && inside !== "transaction"
    let progress: Progress = "waiting"
    const reach = (next: Progress) => Effect.sync(() => void (progress = next))

    let bug = false
    const statements = watchForBugs(
      Effect.suspend(() => body(sql)),
      () => void (bug = true)
    ).pipe(
      Effect.provideService(Inside, { pool: sql, kind: inside === "transaction" ? "transaction" : kind }),
      Effect.provideService(Clock.Clock, callersClock)
    )
    const once = begins
      ? reach("in_transaction").pipe(
          Effect.andThen(
            sql.withTransaction(
              sql.afterCommit(reach("committed")).pipe(Effect.andThen(statements), Effect.tap(reach("committing")))
            )
          )
        )
      : kind === "transaction"
        ? sql.withTransaction(statements)
        : Effect.andThen(reach(inside === "transaction" ? "in_transaction" : "sent"), statements)
    const typed = once.pipe(
      measured(name, limits.slowMillis),
      typedFailures(
        name,
        () => outcomeAt(progress, kind),
        () => bug
      )
    )
    const withOne = tally.attempting(withPlace(places, limits.acquireMillis, tally.holding(typed)))
    // A job waits for its turn among the jobs as long as its call may take, and is not counted as waiting for the pool.
    const inTurn = (yield* ForAJob) ? withPlace(jobsPlaces, limits.callMillis, withOne) : withOne
    const placed = inside === "nothing" ? inTurn : typed
    const attempt = Effect.andThen(reach("waiting"), placed)
    const repeated = begins ? Effect.retry(attempt, { while: hasCollided, schedule: whenCollided }) : attempt
    if (inside !== "nothing") return yield* Effect.provideService(repeated, Clock.Clock, clock)
    const left = Option.getOrUndefined(yield* remaining)
    const millis = left === undefined ? limits.callMillis : Math.min(limits.callMillis, Duration.toMillis(left))
    if (millis <= 0) return yield* new QueryTimeout()
    const bounded = withDeadline(repeated, {
      millis,
      committed: () => progress === "committed",
      late: () => {
        const lately = monotonicMillis(clock) - limits.callMillis / 2
        const onlySlow = progress !== "committing" && circuit.answeredSince(lately)
        return onlySlow ? new QueryTimeout() : unavailable("no_answer", outcomeAt(progress, kind))
      }
    }).pipe(
      Effect.tapError((error) => (error instanceof DatabaseUnavailable && error.down ? circuit.suspect : Effect.void)),
      Effect.provideService(Clock.Clock, clock)
    )
    return yield* tally.counting(circuit.gate, bounded)
  })

  return {
    read: <A, E, R>(name: string, body: Body<A, E, R>): Effect.Effect<A, Failure<E>, R> =>
      Effect.withSpan(call(name, "read", body), name, span),
    query: <A, E, R>(name: string, body: Body<A, E, R>): Effect.Effect<A, Failure<E>, R> =>
      Effect.withSpan(call(name, "query", body), name, span),
    transaction: <A, E, R>(name: string, body: Body<A, E, R>): Effect.Effect<A, Failure<E>, R> =>
      Effect.withSpan(call(name, "transaction", body), name, span),
    // What runs then is no longer inside of the transaction, but still has its place in the pool.
    afterCommit: (effect: Effect.Effect<void>) =>
      Effect.flatMap(insideOf, (inside) =>
        sql.afterCommit(
          inside === "nothing" ? effect : Effect.provideService(effect, Inside, { pool: sql, kind: "query" })
        )
      )
  }
})
