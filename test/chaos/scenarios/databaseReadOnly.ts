/** The database is told to take no writes, as a standby does (25006): what only reads goes on, live. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"

const told = "alter system set default_transaction_read_only = on"
const toldOtherwise = "alter system reset default_transaction_read_only"

export const databaseReadOnly: Scenario = {
  name: "database-read-only",
  group: "database",
  says: "PostgreSQL takes no writes (default_transaction_read_only)",
  seconds: 12,
  ordersPerSecond: 5,
  promised: {
    orders: 0.95,
    reads: 0.99,
    served: { "sign up": 0.9, "log in": 0 },
    recoverySeconds: 10,
    drainSeconds: 60
  },
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      const sql = yield* postgres.superuser
      const tell = (statement: string) => Effect.andThen(sql.unsafe(statement), sql`select pg_reload_conf()`)
      yield* tell(told)
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* tell(toldOtherwise)
    }).pipe(Effect.orDie)
}
