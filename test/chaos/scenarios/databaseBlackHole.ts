/** Nothing comes through to the database and nobody is told: connections stay open, and nothing answers. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"
import { withoutAnswers } from "./outage.ts"

export const databaseBlackHole: Scenario = {
  name: "database-black-hole",
  group: "database",
  says: "the network swallows everything to and from PostgreSQL",
  seconds: 15,
  ordersPerSecond: 5,
  promised: { ...withoutAnswers, recoverySeconds: 10 },
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      yield* postgres.wire.set({ _tag: "Silent" })
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* postgres.wire.set({ _tag: "None" })
    })
}
