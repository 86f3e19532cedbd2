/**
 * What a replay of an order's job would do: its next step, whose payment operations keep their keys.
 *
 * Sending an operation again under its first key repeats nothing while the provider still knows the key; after that
 * the provider has to be asked first what became of it. What a stock keeper elsewhere was sent can always be sent again.
 */
import { Effect } from "effect"
import { Database } from "../database/Database.ts"
import type { Assessment } from "../jobs/DeadLetter.ts"
import type { Assess } from "../jobs/ReplaySafety.ts"

/** An hour below the 24 that the provider keeps a key. */
const keySeconds = 23 * 3600

interface OpenOperation {
  readonly order_id: string
  readonly operation: string
  /** Sent to the stock keeper elsewhere, and not to the payment provider. */
  readonly of_stock: boolean
  readonly age_seconds: number
}

const assessmentOf = (open: OpenOperation | undefined): Assessment => {
  if (open === undefined) {
    return { verdict: "safe", would: "Goes on with the order's next step; nothing of it is open at the provider." }
  }
  const { age_seconds, of_stock, operation } = open
  if (of_stock) {
    return { verdict: "safe", would: `Sends its ${operation} again under the order's id, which is done at most once.` }
  }
  return age_seconds < keySeconds
    ? { verdict: "safe", would: `Sends its ${operation} again under its first key, which is done at most once.` }
    : { verdict: "asks_first", would: `Asks the provider what became of its ${operation} before it sends anything.` }
}

export const ordersReplaySafety: Effect.Effect<Assess, never, Database> = Effect.map(Database, (database) =>
  Effect.fnUntraced(function* (letters) {
    const rows = yield* database.query(
      "orders.replaySafety",
      (sql) => sql<OpenOperation>`
          with sent as (
            select order_id, operation, false as of_stock, first_sent_at as sent_at from payment_operations
              where state = 'sent'
            union all
            select id, stock_operation, true, stock_sent_at from orders where stock_operation is not null)
          select distinct on (order_id) order_id, operation, of_stock,
            extract(epoch from now() - sent_at)::float8 as age_seconds
          from sent where order_id = any(${letters.map(({ key }) => key)}::text[])
          order by order_id, of_stock, sent_at`
    )
    const open = new Map(rows.map((row) => [row.order_id, row]))
    return letters.map(({ key }) => assessmentOf(open.get(key)))
  })
)
