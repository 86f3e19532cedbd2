/** The database is restarted under load again and again: in order, and by kill -9. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"

/** From a start to the next end. */
const upSeconds = 4

export const databaseRestarts: Scenario = {
  name: "database-restarts",
  group: "database",
  says: "PostgreSQL is restarted over and over: shut down, then killed",
  seconds: 15,
  ordersPerSecond: 5,
  promised: {
    orders: 0.95,
    reads: 0.5,
    served: { catalogue: 0.99, stock: 0.99, "sign up": 0.9, "log in": 0.3 },
    recoverySeconds: 5,
    drainSeconds: 60
  },
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      const lives = Math.max(1, Math.round(seconds / (upSeconds + 1)))
      for (let life = 0; life < lives; life += 1) {
        yield* life % 2 === 0 ? postgres.stop : postgres.kill
        yield* postgres.start
        if (life < lives - 1) yield* Effect.sleep(Duration.seconds(upSeconds))
      }
    })
}
