/** The database dies with everyone in it, and is back after a while: nothing that it had acknowledged is lost. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"

export const postgresKilled: Scenario = {
  name: "postgres-killed",
  says: "PostgreSQL is killed (kill -9) and started again",
  seconds: 15,
  ordersPerSecond: 5,
  // Orders are taken for later once the first ones have found out; a customer's own orders are not shown meanwhile.
  promised: { orders: 0.8, wellFormed: 0.95, reads: 0.45, recoverySeconds: 10, drainSeconds: 60 },
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      yield* postgres.kill
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* postgres.start
    })
}
