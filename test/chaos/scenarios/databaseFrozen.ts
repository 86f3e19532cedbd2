/** All processes of the database stop where they are: connections stay open, the system accepts new ones, nobody answers. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"
import { withoutAnswers } from "./outage.ts"

export const databaseFrozen: Scenario = {
  name: "database-frozen",
  group: "database",
  says: "all processes of PostgreSQL are stopped (SIGSTOP), and go on later",
  seconds: 15,
  ordersPerSecond: 5,
  promised: withoutAnswers,
  harm: ({ postgres }, seconds) => Effect.andThen(postgres.freeze, Effect.sleep(Duration.seconds(seconds)))
}
