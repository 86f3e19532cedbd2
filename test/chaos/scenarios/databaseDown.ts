/** The database ends in order, and nobody listens at its address until it is started again. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"
import { withoutDatabase } from "./outage.ts"

export const databaseDown: Scenario = {
  name: "database-down",
  group: "database",
  says: "PostgreSQL is shut down: connections are refused",
  seconds: 12,
  ordersPerSecond: 5,
  promised: withoutDatabase,
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      yield* postgres.wire.set({ _tag: "Refuse" })
      yield* postgres.stop
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* postgres.start
      yield* postgres.wire.set({ _tag: "None" })
    })
}
