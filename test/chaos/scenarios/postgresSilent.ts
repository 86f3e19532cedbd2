/** Nothing comes through to the database and nobody is told: connections stay open, and nothing answers. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"

export const postgresSilent: Scenario = {
  name: "postgres-silent",
  says: "the network swallows everything to and from PostgreSQL",
  seconds: 15,
  ordersPerSecond: 5,
  promised: { orders: 0, wellFormed: 0.95, reads: 0, recoverySeconds: 10, drainSeconds: 60 },
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      yield* postgres.wire.set({ _tag: "Silent" })
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* postgres.wire.set({ _tag: "None" })
    })
}
