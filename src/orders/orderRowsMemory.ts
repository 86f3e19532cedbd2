/** An order's row on a map: what is kept of it, what it begins with, and how it is read. */
import { DateTime } from "effect"
import { Sku } from "../catalog/Product.ts"
import { type Failure, type Order, paymentOf } from "./Order.ts"
import type { NewOrder, TimelineEntry } from "./OrderStore.ts"
import type { Change, SagaRecord } from "./sagaRecord.ts"
import { shownStatus } from "./waiting.ts"

export interface Row {
  readonly placed: NewOrder
  readonly createdAt: DateTime.Utc
  record: SagaRecord
  version: number
  failure: Failure | undefined
  nextAction: { readonly url: string; readonly expiresAt: DateTime.Utc } | undefined
  readonly timeline: Array<TimelineEntry>
}

export const freshRecord = (order: NewOrder, keeper: SagaRecord["keeper"], nowMillis: number): SagaRecord => ({
  orderId: order.id,
  status: "pending",
  totalCents: order.price.totalCents,
  currency: order.price.currency,
  paymentMethod: order.paymentMethod,
  lines: order.lines,
  keeper,
  reservation: "none",
  stockSent: undefined,
  providerId: undefined,
  operations: {},
  refunds: [],
  cancelRequested: false,
  fulfilled: false,
  statusSinceMillis: nowMillis,
  sentAtMillis: {},
  searchedEmptyAtMillis: undefined
})

/** What the timeline says of a change, besides the states. */
export const stepOf = (change: Change): string | undefined => {
  if (change._tag === "MarkSent") return `${change.operation}_sent`
  if (change._tag === "RequestRefund") return "refund_requested"
  return change._tag === "Settle" && change.operation === "refund" && change.state !== "succeeded"
    ? "refund_refused"
    : undefined
}

export const toOrder = (row: Row, now: DateTime.Utc): Order => {
  const { lines, price, id } = row.placed
  const status = shownStatus(row.record, DateTime.toEpochMillis(now))
  const refunded = row.record.refunds.reduce((sum, one) => sum + (one.state === "succeeded" ? one.amountCents : 0), 0)
  return {
    id,
    status,
    lines: lines.map(({ name, quantity, sku, unitPriceCents }) => ({
      sku: Sku.make(sku),
      name,
      quantity,
      unitPrice: unitPriceCents,
      total: unitPriceCents * quantity
    })),
    subtotal: price.subtotalCents,
    discount: price.discountCents,
    shipping: price.shippingCents,
    total: price.totalCents,
    currency: price.currency,
    payment: paymentOf(status, row.nextAction, refunded),
    ...(row.failure === undefined ? {} : { failure: row.failure }),
    createdAt: row.createdAt,
    updatedAt: row.timeline.at(-1)?.at ?? row.createdAt,
    version: row.version
  }
}
