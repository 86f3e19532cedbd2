/** Writes that the shop took while its database was away, and what became of them: applied, refused, or still open. */
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"

export interface Deferred {
  readonly id: string
  readonly decided: boolean
  /** The order that it became; null when it was refused, or is not decided. */
  readonly order_id: string | null
  /** The account that it became. */
  readonly user_id: string | null
}

export const isDeferredId = (id: string) => id.startsWith("dfr_")

/** By id. What a node still holds in its own spool is not in here. */
export const deferredRows = Effect.flatMap(Database, (database) =>
  database.read(
    "chaos.deferred",
    (sql) => sql<Deferred>`
      select id, decided_at is not null as decided, substring(resource from 'ord_[0-9a-z]+') as order_id,
        substring(resource from 'usr_[0-9a-z]+') as user_id from deferred`
  )
).pipe(Effect.map((rows) => new Map(rows.map((row) => [row.id, row]))))
