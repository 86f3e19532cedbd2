/** Others take all of the connections that the database has, and the shop's are cut: it gets no new ones (53300). */
import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Redacted, Schedule } from "effect"
import { Reactivity } from "effect/reactivity"
import type { Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"
import { withoutDatabase } from "./outage.ts"

const all = 60
const again = Schedule.spaced("50 millis")

/** Each holds a connection as soon as it gets one. */
const takeAll = ({ postgres }: World, seconds: number) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.make({
      url: Redacted.make(postgres.url),
      maxConnections: all,
      applicationName: "crowd"
    })
    const hold = Effect.retry(sql`select pg_sleep(${seconds})`, again)
    yield* Effect.forkScoped(
      Effect.all(
        Array.from({ length: all }, () => hold),
        { concurrency: "unbounded" }
      )
    )
  }).pipe(Effect.provide(Reactivity.layer), Effect.orDie)

export const databaseOutOfConnections: Scenario = {
  name: "database-out-of-connections",
  group: "database",
  says: "PostgreSQL has no connection left for the shop",
  seconds: 12,
  ordersPerSecond: 5,
  postgres: { settings: { max_connections: String(all) } },
  promised: withoutDatabase,
  harm: (world, seconds) =>
    Effect.gen(function* () {
      const sql = yield* world.postgres.superuser
      yield* sql`select 1`
      yield* takeAll(world, seconds)
      const cut = sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'holdfast%'`
      yield* Effect.repeat(cut, Schedule.spaced("200 millis")).pipe(Effect.timeoutOption(Duration.seconds(seconds)))
    }).pipe(Effect.orDie)
}
