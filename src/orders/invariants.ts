/**
 * What must hold of every order, as queries: each gives the rows that break it, and none is right.
 *
 * The tables are their own witnesses here: orders against payments, payments against movements, reservations against
 * stock. The provider is the other witness; the daily comparison with it keeps its differences in a table of its own.
 * Rows younger than the settling time do not count, so that work in progress is not taken for a fault. All is one snapshot.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { Database } from "../database/Database.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { keyDays } from "./OrderStore.ts"
import { mostDwellMillis, stockDwellMillis } from "./waiting.ts"

export interface Violation {
  readonly invariant: string
  /** The order, or the product, that breaks it. */
  readonly subject: string
}

interface Scope {
  /** One order, or all. */
  readonly orderId?: string
  /** Younger rows are still on their way. */
  readonly settlingSeconds?: number
  /**
   * Only orders that are not final, and those whose key was claimed less than so many days ago: a shop that asks every
   * minute does not read all that it has ever sold.
   */
  readonly claimedWithinDays?: number
}

/** How long a committed step may take to be seen by another: replication, a slow statement. */
const settlingSecondsDefault = 60

/** The rows that break each invariant. */
export const violations = (
  scope: Scope = {}
): Effect.Effect<ReadonlyArray<Violation>, DatabaseUnavailable | QueryTimeout, Database> =>
  Effect.flatMap(Database, (database) => database.query("orders.invariants", (sql) => violationsIn(sql, scope)))

/**
 * The same within an open call, so that others can look at the same snapshot. What belongs to an order is looked up by its
 * id, one order after the other: PostgreSQL cannot know how many rows a `with` has, and joins two of them row by row.
 */
export const violationsIn = (
  sql: SqlClient.SqlClient,
  { claimedWithinDays, orderId, settlingSeconds = settlingSecondsDefault }: Scope
): Effect.Effect<ReadonlyArray<Violation>, SqlError.SqlError> => {
  const mine = (column: string) =>
    orderId !== undefined
      ? sql`${sql(column)} = ${orderId}`
      : claimedWithinDays !== undefined
        ? sql`${sql(column)} in (select id from late)`
        : sql`true`
  const ofProducts = (column: string) =>
    orderId === undefined ? sql`true` : sql`${sql(column)} in (select sku from order_lines where order_id = ${orderId})`
  const old = sql`o.updated_at < now() - make_interval(secs => ${settlingSeconds})`
  const dwells = JSON.stringify(
    Object.entries(mostDwellMillis).map(([status, millis]) => ({ status, seconds: millis / 1000 }))
  )
  return sql<Violation>`
    with late as materialized (
      select order_id as id from idempotency_keys
        where order_id is not null and expires_at > now() + make_interval(days => ${keyDays - (claimedWithinDays ?? 0)})
      union select id from orders where status not in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed')),
    live as materialized (
      select o.*, p.authorized_cents, p.captured_cents, p.refunded_cents, p.refund_reserved_cents,
        moved.sold, moved.returned, moved.held, asked_back.cents as asked_back_cents
      from orders o join payments p on p.order_id = o.id
        cross join lateral (
          select coalesce(sum(amount_cents) filter (where credit = 'sales'), 0) as sold,
            coalesce(sum(amount_cents) filter (where debit = 'refunds'), 0) as returned,
            coalesce(sum(case when debit = 'customer_authorized' then amount_cents else -amount_cents end)
              filter (where 'authorizations' in (debit, credit)), 0) as held
          from money_movements m where m.order_id = o.id) moved
        cross join lateral (
          select coalesce(sum(amount_cents), 0) as cents from refunds r where r.order_id = o.id and r.state <> 'refused') asked_back
      where ${mine("o.id")} and ${old}),
    kept as materialized (
      select sku, sum(quantity) filter (where state in ('leased', 'held')) as reserved,
        sum(quantity) filter (where state = 'committed') as committed
      from reservations where ${ofProducts("sku")} group by sku)
    select 'order_without_payment_row' as invariant, o.id as subject from orders o
      where ${mine("o.id")} and ${old} and not exists (select 1 from payments p where p.order_id = o.id)
    union all select 'confirmed_without_payment', id from live
      where total_cents > 0 and status in ('confirmed', 'captured', 'fulfilled') and authorized_cents < total_cents
    union all select 'captured_without_money', id from live
      where status in ('captured', 'fulfilled', 'refund_pending', 'refunded') and captured_cents <> total_cents
    union all select 'ended_with_money', id from live
      where status in ('cancelled', 'failed') and (captured_cents > 0 or authorized_cents > 0)
    union all select 'refunded_without_money', id from live where status = 'refunded' and refunded_cents <> captured_cents
    union all select 'movements_do_not_balance', id from live
      where sold <> captured_cents or returned <> refunded_cents
        or held <> case when captured_cents > 0 then 0 else authorized_cents end
    union all select 'captured_twice', id from live
      where 1 < (select count(*) from payment_operations c
        where c.order_id = live.id and c.operation = 'capture' and c.state = 'succeeded')
    union all select 'refunds_do_not_add_up', id from live where refund_reserved_cents <> asked_back_cents
    union all select 'ended_with_stock', live.id from live
      where status in ('cancelled', 'failed') and (stock_elsewhere in ('leased', 'held', 'committed', 'lost') or exists (
        select 1 from reservations r where r.order_id = live.id and r.state in ('held', 'committed')))
    union all select 'captured_without_stock', live.id from live
      where status in ('captured', 'fulfilled') and (stock_elsewhere <> 'committed' or exists (
        select 1 from reservations r where r.order_id = live.id and r.state <> 'committed'))
    union all select 'ended_with_an_operation_in_doubt', live.id from live
      where status in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed') and exists (
        select 1 from payment_operations c where c.order_id = live.id and c.state = 'sent')
    union all select 'left_behind', live.id from live
      left join jsonb_to_recordset(${dwells}::jsonb) as most (status text, seconds float8) on most.status = live.status
      where case when stock_operation is null then live.status_since < now() - make_interval(secs => most.seconds + ${settlingSeconds})
        else least(live.status_since, stock_sent_at) < now() - make_interval(secs => ${stockDwellMillis / 1000 + settlingSeconds}) end
        and not exists (select 1 from jobs j where j.queue = 'orders' and j.key = live.id and j.state = 'dead')
    union all select 'stock_reserved_otherwise_than_reservations', s.sku from stock s left join kept k on k.sku = s.sku
      where ${ofProducts("s.sku")} and s.reserved <> coalesce(k.reserved, 0)
    union all select 'stock_sold_otherwise_than_reservations', s.sku from stock s left join kept k on k.sku = s.sku
      where ${ofProducts("s.sku")} and s.committed - s.restocked <> coalesce(k.committed, 0)
    order by 1, 2`
}
