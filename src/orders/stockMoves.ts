/**
 * Taking stock for an order and giving it back, in the transaction that decides it.
 *
 * Locks are always taken in one order: the stock rows by sku, then the reservations. `available` is what is on hand and
 * not reserved. A lease that has ended is taken back here as well, so that sales never wait for a sweeper.
 * Each of these is safe to repeat: it moves only rows that are in the state it starts from.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"

/** Longer than a payment may take (10 minutes), so that a lease does not end under a payment that is on its way. */
const leaseMinutes = 15

export interface Shortage {
  readonly position: number
  readonly requested: number
  readonly available: number
}

type Moves<A> = Effect.Effect<A, SqlError.SqlError>

/** Leases every line, or nothing: then it says which lines are short, and of how much. */
export const reserve = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, orderId: string) {
  yield* sql`select sku from stock where sku in (select sku from order_lines where order_id = ${orderId}) order by sku for update`
  yield* sql`
    with ended as (
      update reservations set state = 'released', expires_at = null
      where state = 'leased' and expires_at < now() and sku in (select sku from order_lines where order_id = ${orderId})
      returning sku, quantity)
    update stock set reserved = reserved - back.quantity
    from (select sku, sum(quantity)::int as quantity from ended group by sku) back where stock.sku = back.sku`
  const short = yield* sql<Shortage>`
    select l.position, l.quantity as requested, coalesce(s.on_hand - s.reserved, 0) as available
    from order_lines l left join stock s using (sku)
    where l.order_id = ${orderId} and coalesce(s.on_hand - s.reserved, 0) < l.quantity order by l.position`
  if (short.length > 0) return short
  yield* sql`
    update stock set reserved = reserved + l.quantity from order_lines l
    where l.order_id = ${orderId} and l.sku = stock.sku`
  yield* sql`
    insert into reservations (order_id, sku, quantity, state, expires_at)
    select order_id, sku, quantity, 'leased', now() + make_interval(mins => ${leaseMinutes})
    from order_lines where order_id = ${orderId} order by sku
    on conflict (order_id, sku) do update set state = 'leased', expires_at = excluded.expires_at`
  return short
})

/** Takes the clock off. False when the lease is over: then the stock must be reserved again before anything is sent. */
export const hold = (sql: SqlClient.SqlClient, orderId: string): Moves<boolean> =>
  Effect.map(
    sql<{ held: boolean }>`
      with live as (
        update reservations set state = 'held', expires_at = null
        where order_id = ${orderId} and state = 'leased' and expires_at > now()
          and not exists (select 1 from reservations r where r.order_id = ${orderId}
            and (r.state <> 'leased' or r.expires_at <= now()))
        returning 1)
      select count(*) > 0 as held from live`,
    (rows) => rows[0]?.held === true
  )

/** The goods leave the shelf. */
export const commit = (sql: SqlClient.SqlClient, orderId: string): Moves<void> => settle(sql, orderId, "committed")

/** The goods are for others again. */
export const release = (sql: SqlClient.SqlClient, orderId: string): Moves<void> => settle(sql, orderId, "released")

const settle = (sql: SqlClient.SqlClient, orderId: string, state: "committed" | "released"): Moves<void> =>
  Effect.asVoid(
    Effect.andThen(
      sql`select sku from stock where sku in (select sku from reservations where order_id = ${orderId}) order by sku for update`,
      sql`
        with settled as (
          update reservations set state = ${state}, expires_at = null
          where order_id = ${orderId} and state in ('leased', 'held') returning sku, quantity)
        update stock set reserved = reserved - settled.quantity,
          on_hand = on_hand - case when ${state} = 'committed' then settled.quantity else 0 end,
          committed = committed + case when ${state} = 'committed' then settled.quantity else 0 end
        from settled where stock.sku = settled.sku`
    )
  )

/** Sold goods that never left the house are on the shelf again. */
export const restock = (sql: SqlClient.SqlClient, orderId: string): Moves<void> =>
  Effect.asVoid(
    Effect.andThen(
      sql`select sku from stock where sku in (select sku from reservations where order_id = ${orderId}) order by sku for update`,
      sql`
        with back as (
          update reservations set state = 'restocked'
          where order_id = ${orderId} and state = 'committed' returning sku, quantity)
        update stock set on_hand = on_hand + back.quantity, restocked = restocked + back.quantity
        from back where stock.sku = back.sku`
    )
  )
