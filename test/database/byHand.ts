/** One statement of a hand that knows better. */
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"

export const byHand = <Row extends object = Readonly<Record<string, unknown>>>(statement: string) =>
  Effect.flatMap(Database, (database) => database.query("test.by_hand", (sql) => sql.unsafe<Row>(statement)))
