/** Nothing comes through to the database and nobody is told: connections stay open, and nothing answers. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"
import { knownMillis, silenceKnownAfterSeconds, withoutDatabase } from "./outage.ts"

export const databaseBlackHole: Scenario = {
  name: "database-black-hole",
  group: "database",
  says: "the network swallows everything to and from PostgreSQL",
  seconds: 15,
  ordersPerSecond: 5,
  promised: {
    ...withoutDatabase,
    orders: 0.9,
    recoverySeconds: 10,
    onceKnown: { afterSeconds: silenceKnownAfterSeconds, p99Millis: knownMillis }
  },
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      yield* postgres.wire.set({ _tag: "Silent" })
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* postgres.wire.set({ _tag: "None" })
    })
}
