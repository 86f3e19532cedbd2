/** The database dies with everyone in it, and is back after a while: nothing that it had acknowledged is lost. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"
import { withoutDatabase } from "./outage.ts"

export const databaseKilled: Scenario = {
  name: "database-killed",
  group: "database",
  says: "PostgreSQL is killed (kill -9) and started again",
  seconds: 12,
  ordersPerSecond: 5,
  promised: withoutDatabase,
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      yield* postgres.kill
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* postgres.start
    })
}
