/**
 * Payments in doubt: what was sent to the provider and had no answer in time. Nothing is guessed of them; the provider is
 * asked, in a rhythm of its own, or now if an operator says so.
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Database } from "../database/Database.ts"
import { OperatorsDatabase } from "../database/OperatorsDatabase.ts"
import { recordAction } from "../jobs/audit.ts"
import type { By } from "../jobs/Job.ts"
import { Jobs } from "../jobs/Jobs.ts"
import { OrderNotFound } from "../orders/errors.ts"
import type { OrderId } from "../orders/Order.ts"
import { orderQueue } from "../orders/OrderStore.ts"
import { keyLifeMillis } from "../orders/saga.ts"
import { doubtAfterMillis } from "../orders/waiting.ts"

export interface Doubt {
  readonly orderId: string
  readonly operation: string
  readonly amountMinor: number
  readonly currency: string
  readonly ageSeconds: number
  readonly sends: number
  /** Until the provider forgets the key, and it is only asked about; negative when that is over. */
  readonly keySecondsLeft: number
  /** Until it is asked again; null when nobody asks: its job is dead, discarded or gone. */
  readonly asksInSeconds: number | null
}

export interface Doubts {
  readonly count: number
  /** The oldest of them. */
  readonly oldest: ReadonlyArray<Doubt>
  readonly sums: ReadonlyArray<{ readonly currency: string; readonly amountMinor: number }>
}

/** A person looks at these; the count and the sums are of all. */
const mostShown = 20

const look = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
  const inDoubt = sql`p.state = 'sent' and p.first_sent_at < now() - make_interval(secs => ${doubtAfterMillis / 1000})`
  const oldest = yield* sql<Doubt>`
    select p.order_id as "orderId", p.operation, coalesce(p.amount_cents, o.total_cents)::float8 as "amountMinor", o.currency,
      extract(epoch from now() - p.first_sent_at)::float8 as "ageSeconds", p.sends,
      ${keyLifeMillis / 1000} - extract(epoch from now() - p.first_sent_at)::float8 as "keySecondsLeft",
      case when j.state in ('ready', 'running', 'done') then greatest(0, extract(epoch from j.run_at - now()))::float8 end
        as "asksInSeconds"
    from payment_operations p join orders o on o.id = p.order_id
      left join jobs j on j.queue = ${orderQueue} and j.key = p.order_id
    where ${inDoubt} order by p.first_sent_at limit ${mostShown}`
  const sums = yield* sql<{ currency: string; count: number; amountMinor: number }>`
    select o.currency, count(*)::int as count, sum(coalesce(p.amount_cents, o.total_cents))::float8 as "amountMinor"
    from payment_operations p join orders o on o.id = p.order_id where ${inDoubt} group by 1 order by 1`
  return { count: sums.reduce((sum, { count }) => sum + count, 0), oldest, sums }
})

export const doubts = Effect.map(OperatorsDatabase, (database) => database.read("ops.doubts", look))

/** Makes the order's job due now: it asks the provider before it does anything else. A dead one waits for its replay, and what is discarded stays so. */
export const askingNow = Effect.gen(function* () {
  const [database, jobs] = [yield* Database, yield* Jobs]
  return Effect.fn("operators.askNow")((id: OrderId, by: By) =>
    database.transaction(
      "operators.ask_now",
      Effect.fnUntraced(function* (sql) {
        const found = yield* sql`select 1 from orders where id = ${id}`
        if (found.length === 0) return yield* new OrderNotFound({ orderId: id })
        yield* jobs.wake(orderQueue, id)
        yield* recordAction(sql, { ...by, action: "order.ask", target: id })
      })
    )
  )
})
