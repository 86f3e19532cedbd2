/** Whether the providers were asked for what the shop has written down, and for nothing else. One line for each breach. */
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import { mailJob, mailQueue } from "../../src/dependencies/email/mails.ts"
import type { ProviderTraffic } from "./providerTraffic.ts"

interface Key {
  readonly key: string
}

const keys = Effect.flatMap(Database, (database) =>
  Effect.all({
    operations: database.read("chaos.operations", (sql) => sql<Key>`select key from payment_operations`),
    mails: database.read("chaos.mails", (sql) => sql<Key>`select key from jobs where queue = ${mailQueue}`),
    confirmed: database.read(
      "chaos.confirmed",
      (sql) => sql<Key>`select distinct order_id as key from order_events where step = 'confirmed'`
    )
  })
)

const setOf = (rows: ReadonlyArray<Key>) => new Set(rows.map(({ key }) => key))

/** Each operation and each mail has one key, which is written down before anything is sent. */
export const trafficBreaches = Effect.fnUntraced(function* ({ mails, writes }: ProviderTraffic) {
  const ours = yield* keys
  const [operations, letters] = [setOf(ours.operations), setOf(ours.mails)]
  return [
    ...[...writes.keys()]
      .filter((key) => !operations.has(key))
      .map((key) => `I14 ${key}: the provider was asked under a key of no operation`),
    ...[...mails].filter((key) => !letters.has(key)).map((key) => `I13 ${key}: a mail that is not in the queue`),
    ...ours.confirmed
      .filter(({ key }) => !letters.has(mailJob("order_confirmed", key).key))
      .map(({ key }) => `I13 ${key}: is confirmed, and no mail says so`)
  ]
})
