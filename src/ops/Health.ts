/**
 * Whether this node can usefully serve, and how each of its parts is.
 *
 * Ready: started, not draining, schema current, database up. A provider that is away is a warning, no more. What is
 * known comes from memory (the database's health is a ping a second of its own) or is at most a second old, so a probe
 * costs nothing and never waits for an outage. No check names a host, a version or an error from inside.
 */
import { Context, DateTime, Effect, Layer, Ref } from "effect"
import { DatabaseHealth } from "../database/DatabaseHealth.ts"
import { Migrations } from "../database/Migrations.ts"
import { Dependencies } from "../resilience/index.ts"

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

export const failing = (report: HealthReport): ReadonlyArray<string> =>
  required.filter((name) => report.checks[name]?.status === "fail")

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

      const report = Effect.gen(function* () {
        const own = { database: yield* checkDatabase, migrations: yield* checkMigrations }
        return {
          draining: yield* Ref.get(draining),
          checks: { ...Object.fromEntries(yield* checkProviders), ...own }
        }
      })
      return Health.of({ report, drain: Ref.set(draining, true) })
    })
  )
}
