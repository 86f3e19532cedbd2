/** The database dies for good, and a standby that had every commit takes its place: nothing that was acknowledged is lost. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"
import { withoutDatabase } from "./outage.ts"

export const databaseFailover: Scenario = {
  name: "database-failover",
  group: "database",
  says: "PostgreSQL is killed (kill -9) for good, and its synchronous standby is promoted in its place",
  seconds: 12,
  ordersPerSecond: 5,
  postgres: { standby: true },
  promised: withoutDatabase,
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      yield* postgres.kill
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* postgres.failOver
    })
}
