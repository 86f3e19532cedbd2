/** Somebody holds a lock on the orders: whatever touches them waits, and the rest must not wait with it. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"

export const databaseTimeout: Scenario = {
  name: "database-timeout",
  group: "database",
  says: "the table of orders is locked: statements wait until they are given up",
  seconds: 12,
  ordersPerSecond: 5,
  // Those who wait fill the pool, which is for all: the others are told to come back, at once.
  promised: {
    orders: 0,
    reads: 0.3,
    accounts: 0,
    recoverySeconds: 5,
    drainSeconds: 60
  },
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      const sql = yield* postgres.superuser
      yield* sql.withTransaction(
        Effect.andThen(sql`lock table orders in access exclusive mode`, Effect.sleep(Duration.seconds(seconds)))
      )
    }).pipe(Effect.orDie)
}
