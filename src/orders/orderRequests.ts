/**
 * What people want of an order that exists, in SQL: to cancel it, to give money back, to say that it is on its way.
 *
 * Each locks the order, looks whether its state allows the wish, and writes the wish down; the order's job does the rest.
 * A refund shows at once (`refund_pending`); a cancel shows when it has got somewhere, because it may come too late.
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { UserId } from "../users/User.ts"
import { OrderNotFound, OrderStateConflict, OrderVersionDiffers, RefundTooLarge } from "./errors.ts"
import type { OrderId, OrderStatus } from "./Order.ts"
import { type OrderRow, orderColumns, toOrder } from "./orderRows.ts"
import { requestRefund as shareRefund, writeEvent, writeStatus } from "./orderWrites.ts"
import { isCancellable, isRefundable } from "./saga.ts"

interface Locked {
  readonly user_id: string
  readonly status: OrderStatus
  readonly version: number
  readonly cancel_requested: boolean
  readonly left_cents: number
  readonly refunds: number
}

const lock = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, id: OrderId) {
  // The order's row first: it is what every step of the saga locks, so the figures below cannot move any more.
  yield* sql`select 1 from orders where id = ${id} for update`
  const [row] = yield* sql<Locked>`
    select o.user_id, o.status, o.version::float8, o.cancel_requested_at is not null as cancel_requested,
      (p.captured_cents - p.refund_reserved_cents)::float8 as left_cents,
      (select count(*)::int from refunds r where r.order_id = o.id) as refunds
    from orders o join payments p on p.order_id = o.id where o.id = ${id}`
  return row ?? (yield* new OrderNotFound({ orderId: id }))
})

/** Says how the order stands as reading it would: that its payment is in doubt, time decides. */
const differing = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, id: OrderId) {
  const [row] = yield* sql<OrderRow>`
    select ${orderColumns(sql)} from orders o left join payments p on p.order_id = o.id where o.id = ${id}`
  if (row === undefined) return yield* new OrderNotFound({ orderId: id })
  const { status, version } = toOrder(row)
  return yield* new OrderVersionDiffers({ orderId: id, status, version })
})

export const requestCancel = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  { id, userId, version }: { readonly id: OrderId; readonly userId: UserId; readonly version: number }
) {
  const order = yield* lock(sql, id)
  if (order.user_id !== userId) return yield* new OrderNotFound({ orderId: id })
  if (order.version !== version) return yield* differing(sql, id)
  if (!isCancellable(order.status)) return yield* new OrderStateConflict({ orderId: id, status: order.status })
  if (order.cancel_requested) return
  yield* sql`update orders set cancel_requested_at = now() where id = ${id}`
  yield* writeEvent(sql, id, "cancel_requested")
})

export const requestRefund = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  { amountCents, id }: { readonly id: OrderId; readonly amountCents: number | undefined }
) {
  const order = yield* lock(sql, id)
  if (!isRefundable(order.status)) return yield* new OrderStateConflict({ orderId: id, status: order.status })
  const amount = amountCents ?? order.left_cents
  const shared = amount > 0 && (yield* shareRefund(sql, id, order.refunds + 1, amount))
  if (!shared) return yield* new RefundTooLarge({ orderId: id, refundableCents: order.left_cents })
  if (order.status !== "refund_pending") yield* writeStatus(sql, id, { status: "refund_pending" })
})

export const fulfil = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, id: OrderId) {
  const order = yield* lock(sql, id)
  if (order.status === "fulfilled") return false
  if (order.status !== "captured") return yield* new OrderStateConflict({ orderId: id, status: order.status })
  yield* sql`update orders set fulfilled_at = now() where id = ${id}`
  yield* writeStatus(sql, id, { status: "fulfilled" })
  return true
})
