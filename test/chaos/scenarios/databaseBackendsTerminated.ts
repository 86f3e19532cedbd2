/** Every connection of the shop's is cut by the database's operator, several times a second, in the middle of anything. */
import { Duration, Effect, Schedule } from "effect"
import type { Scenario } from "../Scenario.ts"

export const databaseBackendsTerminated: Scenario = {
  name: "database-backends-terminated",
  group: "database",
  says: "every connection to PostgreSQL is terminated, over and over (pg_terminate_backend)",
  seconds: 12,
  ordersPerSecond: 5,
  promised: {
    orders: 0.75,
    reads: 0.5,
    accounts: 0,
    served: { catalogue: 0.99, stock: 0.99 },
    recoverySeconds: 5,
    drainSeconds: 60
  },
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      const sql = yield* postgres.superuser
      const cut = sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'holdfast%'`
      yield* Effect.repeat(cut, Schedule.spaced("300 millis")).pipe(Effect.timeoutOption(Duration.seconds(seconds)))
    }).pipe(Effect.orDie)
}
