/**
 * Whether anything is as it must never be, asked every minute over the operators' connections, and told from memory.
 *
 * "Not compared since" is not zero: what was never compared has no count, and what was compared says when. A violation is an
 * alert: its first look is a line in the log with the rows, and so is each look that finds another number.
 */
import { Clock, Context, DateTime, Effect, Layer, Schedule } from "effect"
import { OperatorsDatabase } from "../database/OperatorsDatabase.ts"
import { openReadings } from "../telemetry/readings.ts"
import { bySweep, snapshotOf, witnesses } from "./comparisons.ts"

export interface Invariant {
  readonly name: string
  /** Absent as long as it was never compared. */
  readonly count?: number
  readonly checked_at?: DateTime.Utc
  /** Whose accounts are compared. */
  readonly witnesses: readonly [string, string]
  /** Ids of what breaks it, the first of them. */
  readonly rows: ReadonlyArray<string>
}

/** A violation is rare and its look-up costs a read of what is unfinished: soon enough for a person. */
const every = Schedule.spaced("1 minute").pipe(Schedule.jittered)
/** A person looks at the first ones; the count is of all. */
const mostRows = 20

export class Invariants extends Context.Service<
  Invariants,
  {
    /** Each of them, by name, as it was found last; from memory. */
    readonly all: Effect.Effect<ReadonlyArray<Invariant>>
  }
>()("holdfast/ops/Invariants") {
  static readonly layer = Layer.effect(
    Invariants,
    Effect.gen(function* () {
      const database = yield* OperatorsDatabase
      const clock = yield* Clock.Clock
      const show = yield* openReadings
      let all: ReadonlyArray<Invariant> = Object.entries(witnesses).map(([name, asked]) => ({
        name,
        witnesses: asked,
        rows: []
      }))
      const last = (name: string) => all.find((one) => one.name === name)
      for (const name of Object.keys(witnesses)) {
        const attributes = { name }
        show({
          type: "gauge",
          name: "holdfast_invariant_violations",
          description: "Rows that break an invariant, as they were found last; zero also before the first comparison",
          attributes,
          read: () => last(name)?.count ?? 0
        })
        show({
          type: "gauge",
          name: "holdfast_invariant_compared_timestamp_seconds",
          description: "When an invariant was last compared, in seconds since 1970; zero if it never was",
          attributes,
          read: () => {
            const at = last(name)?.checked_at
            return at === undefined ? 0 : DateTime.toEpochMillis(at) / 1000
          }
        })
      }

      const look = Effect.gen(function* () {
        const { sweptAt, violations } = yield* database.transaction("ops.invariants", snapshotOf)
        const now = DateTime.makeUnsafe(clock.currentTimeMillisUnsafe())
        const before = all
        all = Object.entries(witnesses).map(([name, asked]): Invariant => {
          const rows = violations.filter(({ invariant }) => invariant === name).map(({ subject }) => subject)
          const at = !bySweep(name) ? now : sweptAt === null ? undefined : DateTime.fromDateUnsafe(sweptAt)
          const found = { name, witnesses: asked, rows: rows.slice(0, mostRows) }
          return at === undefined ? found : Object.assign(found, { count: rows.length, checked_at: at })
        })
        const news = all.filter(({ count = 0 }, index) => count > 0 && count !== before[index]?.count)
        yield* Effect.forEach(
          news,
          ({ count, name, rows }) =>
            Effect.logError("an invariant is broken", { severity: "critical", invariant: name, count, rows }),
          { discard: true }
        )
      }).pipe(
        Effect.catch((error) =>
          Effect.logWarning("invariants not compared", { severity: "expected", code: error._tag })
        )
      )
      yield* Effect.forkScoped(Effect.repeat(look, every))
      return Invariants.of({ all: Effect.sync(() => all) })
    })
  )
}
