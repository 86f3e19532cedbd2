/**
 * Whether this node can usefully serve, and how each of its parts is.
 *
 * Ready: started, not draining, schema current, and the database up, or writes taken without it. A provider that is away
 * is a warning, no more; so is a substitute that would be too old, or writes that could not be taken. What is known comes from memory (the database's health is a ping a second of its own) or is at most a second old, so a probe
 * costs nothing and never waits for an outage. No check names a host, a version or an error from inside.
 */
import { Context, DateTime, Duration, Effect, Layer, Option, Ref } from "effect"
import { LastGoodCatalogue } from "../catalog/LastGoodCatalogue.ts"
import { productsShownFor } from "../catalog/policy.ts"
import { DatabaseHealth } from "../database/DatabaseHealth.ts"
import { Migrations } from "../database/Migrations.ts"
import { Dependencies } from "../resilience/index.ts"
import { WritesWhileDown } from "./WritesWhileDown.ts"

export interface Check {
  readonly status: "ok" | "warn" | "fail"
  /** Seconds that it has been so; absent where nobody watches. */
  readonly since_seconds?: number
}

export interface HealthReport {
  readonly draining: boolean
  readonly checks: Readonly<Record<string, Check>>
}

/** Each of these must be ok for the node to be ready. */
const required: ReadonlyArray<string> = ["database", "migrations"]

/** What is not as it should be: the deep report's answer. */
export const failing = (report: HealthReport): ReadonlyArray<string> =>
  required.filter((name) => report.checks[name]?.status === "fail")

/** What keeps the node from serving usefully: without the database it shows what it knows, and takes writes to keep. */
export const unready = (report: HealthReport): ReadonlyArray<string> =>
  failing(report).filter((name) => name !== "database" || report.checks["spool"]?.status !== "ok")

/** The catalogue is read every ten seconds; three misses in a row are no accident. */
const cacheOldAfter = Duration.seconds(30)

export class Health extends Context.Service<
  Health,
  {
    readonly report: Effect.Effect<HealthReport>
    /** From now on this node is not ready: whoever sends it requests goes elsewhere. */
    readonly drain: Effect.Effect<void>
  }
>()("holdfast/ops/Health") {
  static readonly layer = Layer.effect(
    Health,
    Effect.gen(function* () {
      const database = yield* DatabaseHealth
      const migrations = yield* Migrations
      const dependencies = yield* Dependencies
      const catalogue = yield* LastGoodCatalogue
      const writes = yield* Effect.serviceOption(WritesWhileDown)
      const draining = yield* Ref.make(false)

      const checkDatabase = Effect.gen(function* () {
        const status = yield* database.status
        const sinceSeconds = Math.floor(
          ((yield* DateTime.now).epochMilliseconds - status.since.epochMilliseconds) / 1000
        )
        const check: Check["status"] = !status.up ? "fail" : status.readOnly ? "warn" : "ok"
        return { status: check, since_seconds: sinceSeconds } as Check
      })
      const checkMigrations = yield* migrations.current.pipe(
        Effect.map((current): Check => ({ status: current ? "ok" : "fail" })),
        // An unreachable database is told by its own check; whether the schema is current is not known then.
        Effect.catch(() => Effect.succeed<Check>({ status: "warn" })),
        Effect.cachedWithTTL("1 second")
      )

      /** A provider that is away is a warning: orders wait for it, and no probe should end a node for it. */
      const checkProviders = Effect.map(dependencies.snapshot, (all) =>
        all.map(({ name, state, stateMillis, switchedOff }): readonly [string, Check] => [
          name,
          { status: state === "closed" && !switchedOff ? "ok" : "warn", since_seconds: Math.floor(stateMillis / 1000) }
        ])
      )

      /** What is shown while the database is away. Its time is its age. */
      const checkCache = Effect.gen(function* () {
        const known = Option.getOrUndefined(yield* catalogue.within(productsShownFor))
        if (known === undefined) return { status: "warn" } as Check
        const age = DateTime.distance(known.readAt, yield* DateTime.now)
        const young = Duration.isLessThanOrEqualTo(age, cacheOldAfter)
        return { status: young ? "ok" : "warn", since_seconds: Math.floor(Duration.toSeconds(age)) } as Check
      })
      /** Whether writes are taken while the database is away; nothing where nobody takes them. */
      const checkWrites = Option.match(writes, {
        onNone: () => Effect.succeed({}),
        onSome: ({ usable }) => Effect.map(usable, (is) => ({ spool: { status: is ? "ok" : "warn" } as Check }))
      })

      const report = Effect.gen(function* () {
        const own = {
          database: yield* checkDatabase,
          migrations: yield* checkMigrations,
          cache: yield* checkCache,
          ...(yield* checkWrites)
        }
        return {
          draining: yield* Ref.get(draining),
          checks: { ...Object.fromEntries(yield* checkProviders), ...own }
        }
      })
      return Health.of({ report, drain: Ref.set(draining, true) })
    })
  )
}
