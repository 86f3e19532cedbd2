/** Whether whoever was told that they have signed up, now or later, has an account. One line for each who has not. */
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import { isGood, type Log } from "./customerLog.ts"
import type { Deferred } from "./deferred.ts"

const accounts = Effect.flatMap(Database, (database) =>
  database.read("chaos.accounts", (sql) => sql<{ id: string }>`select id from users`)
).pipe(Effect.map((rows) => new Set(rows.map(({ id }) => id))))

/** Nobody else asks for the addresses of these customers: a sign-up for later may not have been refused. */
export const lostAccounts = Effect.fnUntraced(function* (log: Log, deferred: ReadonlyMap<string, Deferred>) {
  const all = yield* accounts
  return [...log.values()].flatMap(({ answers, key }) =>
    answers
      .filter(isGood)
      .map(({ body }) => body.id ?? "")
      .filter((id) => !all.has(deferred.get(id)?.user_id ?? id))
      .map((id) => `I1 ${key}: ${id} was acknowledged`)
  )
})
