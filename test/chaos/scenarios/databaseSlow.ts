/** Every answer of the database comes a second late: it is there, and no use for a request that has a second. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"
import { withoutAnswers } from "./outage.ts"

const lateMillis = 1_000

export const databaseSlow: Scenario = {
  name: "database-slow",
  group: "database",
  says: "every answer of PostgreSQL comes a second later",
  seconds: 12,
  ordersPerSecond: 5,
  promised: withoutAnswers,
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      yield* postgres.wire.set({ _tag: "Slow", millis: lateMillis, towards: "client" })
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* postgres.wire.set({ _tag: "None" })
    })
}
