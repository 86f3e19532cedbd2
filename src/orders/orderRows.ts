/**
 * How an order lies in its tables, and how rows become what the rest of the code knows.
 *
 * One statement reads an order whole, so that what it shows is one moment. Amounts are bigint columns read as float8:
 * exact up to 2^53 minor units, and a CHECK keeps every price far below.
 */
import { DateTime } from "effect"
import type { SqlClient } from "effect/sql"
import { Sku } from "../catalog/Product.ts"
import { UserId } from "../users/User.ts"
import { type Failure, type Order, OrderId, type OrderStatus, paymentOf } from "./Order.ts"
import { nameOf, type OperationState, type RefundRecord, type SagaRecord, type StockOperation } from "./sagaRecord.ts"
import { shownStatus } from "./waiting.ts"

export interface OrderRow {
  readonly id: string
  readonly user_id: string
  readonly status: OrderStatus
  readonly failure: Failure | null
  readonly payment_method: string
  readonly subtotal_cents: number
  readonly discount_cents: number
  readonly shipping_cents: number
  readonly total_cents: number
  readonly currency: string
  readonly version: number
  readonly status_since: Date
  readonly created_at: Date
  readonly updated_at: Date
  readonly provider_id: string | null
  readonly next_action: { readonly url: string; readonly expiresAtMillis: number } | null
  /** Every operation by its name in the record (`confirm:0`), with the time of its first send. */
  readonly operations: Readonly<Record<string, { readonly state: OperationState; readonly sent_at_millis: number }>>
  readonly refunds: ReadonlyArray<{
    readonly seq: number
    readonly amount_cents: number
    readonly state: RefundRecord["state"]
  }>
  readonly refunded_cents: number | null
  readonly cancel_requested: boolean
  readonly fulfilled: boolean
  readonly searched_empty_at: Date | null
  /** The database's clock, which everything about this row is compared with. */
  readonly read_at: Date
  /** In this database; null when there is none here. */
  readonly reservation: SagaRecord["reservation"] | null
  /** Elsewhere; null when nothing was ever asked there. */
  readonly stock_elsewhere: SagaRecord["reservation"] | null
  readonly stock_operation: StockOperation | null
  readonly stock_sent_at: Date | null
  readonly lines: ReadonlyArray<{
    readonly sku: string
    readonly name: string
    readonly quantity: number
    readonly unit_price_cents: number
    readonly total_cents: number
  }>
}

/** The columns of `OrderRow`, from `orders o left join payments p`. */
export const orderColumns = (sql: SqlClient.SqlClient) =>
  sql.literal(`
  o.id, o.user_id, o.status, o.failure, o.payment_method, o.subtotal_cents::float8, o.discount_cents::float8,
  o.shipping_cents::float8, o.total_cents::float8, o.currency, o.version::float8, o.status_since, o.created_at, o.updated_at,
  p.provider_id,
  (select answer from payment_operations c where c.order_id = o.id and c.operation = 'confirm' and c.seq = 0
     and answer ->> '_tag' = 'RequiresAction') as next_action,
  o.stock_elsewhere, o.stock_operation, o.stock_sent_at,
  p.refunded_cents::float8, o.cancel_requested_at is not null as cancel_requested, o.fulfilled_at is not null as fulfilled,
  clock_timestamp() as read_at,
  (select coalesce(jsonb_object_agg(operation || ':' || seq, jsonb_build_object('state', state,
     'sent_at_millis', floor(extract(epoch from first_sent_at) * 1000))), '{}')
     from payment_operations c where c.order_id = o.id) as operations,
  (select coalesce(jsonb_agg(jsonb_build_object('seq', seq, 'amount_cents', amount_cents, 'state', state) order by seq), '[]')
     from refunds r where r.order_id = o.id) as refunds,
  (select searched_empty_at from payment_operations c
     where c.order_id = o.id and c.operation = 'create' and c.seq = 0) as searched_empty_at,
  (select min(state) from reservations r where r.order_id = o.id) as reservation,
  (select jsonb_agg(jsonb_build_object('sku', sku, 'name', name, 'quantity', quantity,
     'unit_price_cents', unit_price_cents, 'total_cents', total_cents) order by position)
     from order_lines l where l.order_id = o.id) as lines`)

const utc = (date: Date) => DateTime.fromDateUnsafe(date)

export const toOrder = (row: OrderRow): Order => {
  const status = shownStatus(toSagaRecord(row, "here"), row.read_at.getTime())
  const nextAction =
    row.next_action === null
      ? undefined
      : { url: row.next_action.url, expiresAt: DateTime.makeUnsafe(row.next_action.expiresAtMillis) }
  return {
    id: OrderId.make(row.id),
    status,
    lines: row.lines.map((line) => ({
      sku: Sku.make(line.sku),
      name: line.name,
      quantity: line.quantity,
      unitPrice: line.unit_price_cents,
      total: line.total_cents
    })),
    subtotal: row.subtotal_cents,
    discount: row.discount_cents,
    shipping: row.shipping_cents,
    total: row.total_cents,
    currency: row.currency,
    payment: paymentOf(status, nextAction, row.refunded_cents ?? 0),
    ...(row.failure === null ? {} : { failure: row.failure }),
    createdAt: utc(row.created_at),
    updatedAt: utc(row.updated_at),
    version: row.version
  }
}

/** `newKeeper` keeps the goods of orders for which nobody was asked yet; whoever was keeps them to the end. */
export const toSagaRecord = (row: OrderRow, newKeeper: SagaRecord["keeper"]): SagaRecord => {
  const state = (name: string) => row.operations[`${name}:0`]?.state
  const operations = Object.fromEntries(
    (["create", "confirm", "capture", "cancel"] as const).flatMap((name) => {
      const known = state(name)
      return known === undefined ? [] : [[name, known] as const]
    })
  )
  return {
    orderId: row.id,
    status: row.status,
    totalCents: row.total_cents,
    currency: row.currency,
    paymentMethod: row.payment_method,
    lines: row.lines.map(({ quantity, sku }) => ({ sku, quantity })),
    keeper: row.stock_elsewhere !== null ? "elsewhere" : row.reservation !== null ? "here" : newKeeper,
    // The lines of an order are reserved, held, committed and released together, so that one state stands for all.
    reservation: row.stock_elsewhere ?? row.reservation ?? "none",
    stockSent: row.stock_operation ?? undefined,
    providerId: row.provider_id ?? undefined,
    operations,
    refunds: row.refunds.map(({ amount_cents, seq, state: known }) => ({
      seq,
      amountCents: amount_cents,
      state: known
    })),
    cancelRequested: row.cancel_requested,
    fulfilled: row.fulfilled,
    statusSinceMillis: row.status_since.getTime(),
    sentAtMillis: sentAtMillis(row),
    searchedEmptyAtMillis: row.searched_empty_at?.getTime()
  }
}

const sentAtMillis = ({ operations, stock_operation, stock_sent_at }: OrderRow): SagaRecord["sentAtMillis"] => ({
  ...Object.fromEntries(Object.entries(operations).map(([name, { sent_at_millis }]) => [name, sent_at_millis])),
  ...(stock_operation === null || stock_sent_at === null
    ? {}
    : { [nameOf({ operation: stock_operation, seq: 0 })]: stock_sent_at.getTime() })
})

export const ownerOf = (row: OrderRow): UserId => UserId.make(row.user_id)
