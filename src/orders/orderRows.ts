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
import type { OperationState, SagaRecord } from "./saga.ts"

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
  readonly operations: Readonly<Record<string, OperationState>>
  readonly reservation: SagaRecord["reservation"] | null
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
  (select coalesce(jsonb_object_agg(operation, state), '{}') from payment_operations c
     where c.order_id = o.id and c.seq = 0) as operations,
  (select min(state) from reservations r where r.order_id = o.id) as reservation,
  (select jsonb_agg(jsonb_build_object('sku', sku, 'name', name, 'quantity', quantity,
     'unit_price_cents', unit_price_cents, 'total_cents', total_cents) order by position)
     from order_lines l where l.order_id = o.id) as lines`)

const utc = (date: Date) => DateTime.fromDateUnsafe(date)

export const toOrder = (row: OrderRow): Order => ({
  id: OrderId.make(row.id),
  status: row.status,
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
  payment: paymentOf(
    row.status,
    row.next_action === null
      ? undefined
      : { url: row.next_action.url, expiresAt: DateTime.makeUnsafe(row.next_action.expiresAtMillis) }
  ),
  ...(row.failure === null ? {} : { failure: row.failure }),
  createdAt: utc(row.created_at),
  updatedAt: utc(row.updated_at),
  version: row.version
})

export const toSagaRecord = (row: OrderRow): SagaRecord => ({
  orderId: row.id,
  status: row.status,
  totalCents: row.total_cents,
  currency: row.currency,
  paymentMethod: row.payment_method,
  // The lines of an order are reserved, held, committed and released together, so that one state stands for all.
  reservation: row.reservation ?? "none",
  providerId: row.provider_id ?? undefined,
  operations: row.operations,
  statusSinceMillis: row.status_since.getTime()
})

export const ownerOf = (row: OrderRow): UserId => UserId.make(row.user_id)
