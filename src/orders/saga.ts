/**
 * The life of an order as a machine: from the record of what is known, what comes next. Pure, so that it can be searched.
 *
 * It is asked under the order's row lock, and answers either changes to write (then it is asked again, in the same
 * transaction), or one thing for the world outside. What is sent was marked as sent in a committed transaction first;
 * an operation marked `sent` without an answer is sent again under the same key, which the provider answers the same,
 * or, when the key has become too old for that, only asked about. A wish to cancel is looked at before anything goes
 * forward. Stock is freed only after the provider said that the payment is over, or when nothing was ever sent. Who
 * keeps it makes no difference here: `goods.ts` says what each move of it is.
 */
import * as Goods from "./goods.ts"
import type { OrderStatus } from "./Order.ts"
import { type Change, nameOf, type OperationRef, type PaymentOperation, type SagaRecord } from "./sagaRecord.ts"

/** At least one. */
export type Changes = readonly [Change, ...ReadonlyArray<Change>] | readonly [...ReadonlyArray<Change>, Change]

export type Decision =
  | { readonly _tag: "Write"; readonly changes: Changes }
  | ({ readonly _tag: "Send" } & OperationRef)
  /** Ask the provider what became of an operation. */
  | ({ readonly _tag: "Ask" } & OperationRef)
  /** Ask the provider's search for the payment of this order: neither its id nor its key can be used. */
  | { readonly _tag: "Search" }
  /** No rule says what comes next: a person has to. */
  | { readonly _tag: "Stuck"; readonly code: "refund_refused" | "cancel_refused" }
  | { readonly _tag: "Finished" }

const write = (...changes: Changes): Decision => ({ _tag: "Write", changes })
const to = (status: OrderStatus): Change => ({ _tag: "Status", status })
const mark = (operation: PaymentOperation, seq = 0): Decision => write({ _tag: "MarkSent", operation, seq })

/** A customer who does not finish the authentication in this time has left (HTTP.md: 10 minutes). */
export const actionDeadlineMillis = 600_000
/** The provider keeps keys for 24 hours; a repeat that could arrive after that could charge anew. */
export const keyLifeMillis = 23 * 3_600_000

/** Until its money is taken, an order can be cancelled. */
const cancellable = new Set<OrderStatus>(["pending", "reserved", "requires_action", "authorized", "confirmed"])
export const isCancellable = (status: OrderStatus): boolean => cancellable.has(status)
/** Whose money was taken can get it back. */
export const isRefundable = (status: OrderStatus): boolean =>
  status === "captured" || status === "fulfilled" || status === "refund_pending"

/** What comes next for this order. */
export const decide = (record: SagaRecord, nowMillis: number): Decision => {
  if (record.cancelRequested && isCancellable(record.status)) return cancelling(record, nowMillis)
  switch (record.status) {
    case "pending":
      return record.reservation === "leased" || record.reservation === "held"
        ? write(to("reserved"))
        : Goods.reserve(record)
    case "reserved":
      return record.totalCents === 0 ? withoutPayment(record) : paying(record, nowMillis)
    case "requires_action":
      return acting(record, nowMillis)
    case "authorized":
      return write(to("confirmed"))
    case "confirmed":
      return capturing(record, nowMillis)
    case "captured":
    case "fulfilled":
      return record.refunds.some(isOpen) ? write(to("refund_pending")) : Goods.afterTheEnd(record)
    case "refund_pending":
      return refunding(record, nowMillis)
    default:
      return Goods.afterTheEnd(record)
  }
}

/** What was marked is sent, as often as it takes, while its key is safe to repeat; then it is only asked about. */
const sending = (record: SagaRecord, operation: PaymentOperation, nowMillis: number, seq = 0): Decision => {
  const sentAt = record.sentAtMillis[nameOf({ operation, seq })] ?? nowMillis
  if (nowMillis - sentAt < keyLifeMillis) return { _tag: "Send", operation, seq }
  return operation === "create" ? { _tag: "Search" } : { _tag: "Ask", operation, seq }
}

/** Nothing to pay: the order stands as soon as its stock is held. */
const withoutPayment = (record: SagaRecord): Decision =>
  record.reservation === "held" ? write(to("authorized")) : holdOrReserveAgain(record)

const paying = (record: SagaRecord, nowMillis: number): Decision => {
  const { create, confirm } = record.operations
  if (record.providerId === undefined) {
    if (create === "closed") return write(...Goods.release(record), to("cancelled"))
    return create === "sent" ? sending(record, "create", nowMillis) : mark("create")
  }
  if (confirm === "succeeded") return write(to("authorized"))
  if (confirm === "sent") return sending(record, "confirm", nowMillis)
  if (record.reservation !== "held") return holdOrReserveAgain(record)
  return mark("confirm")
}

const holdOrReserveAgain = (record: SagaRecord): Decision =>
  record.reservation === "leased" ? Goods.hold(record) : write(to("pending"))

const acting = (record: SagaRecord, nowMillis: number): Decision => {
  if (record.operations.cancel === "sent") return sending(record, "cancel", nowMillis)
  return nowMillis - record.statusSinceMillis < actionDeadlineMillis
    ? { _tag: "Ask", operation: "confirm", seq: 0 }
    : mark("cancel")
}

const capturing = (record: SagaRecord, nowMillis: number): Decision => {
  const { capture } = record.operations
  if (record.totalCents === 0 || capture === "succeeded") return write(Goods.commit(record), to("captured"))
  return capture === "sent" ? sending(record, "capture", nowMillis) : mark("capture")
}

/** Out, from wherever it is: through the provider if it may know of a payment, by a refund if the money was taken. */
const cancelling = (record: SagaRecord, nowMillis: number): Decision => {
  const { cancel, capture, create } = record.operations
  if (capture === "succeeded") {
    return write({ _tag: "RequestRefund", seq: 1, amountCents: record.totalCents }, to("refund_pending"))
  }
  if (record.providerId === undefined) {
    return create === "sent" ? sending(record, "create", nowMillis) : write(...Goods.release(record), to("cancelled"))
  }
  if (cancel === undefined) return mark("cancel")
  return cancel === "sent" ? sending(record, "cancel", nowMillis) : { _tag: "Stuck", code: "cancel_refused" }
}

const isOpen = ({ state }: SagaRecord["refunds"][number]): boolean => state === "requested" || state === "sent"

/** One refund at a time. Goods that never left the house come back with the last of the money. */
const refunding = (record: SagaRecord, nowMillis: number): Decision => {
  const next = record.refunds.find(({ state }) => state === "sent") ?? record.refunds.find(isOpen)
  if (next !== undefined) {
    return next.state === "sent" ? sending(record, "refund", nowMillis, next.seq) : mark("refund", next.seq)
  }
  const refunded = record.refunds.reduce(
    (sum, { amountCents, state }) => sum + (state === "succeeded" ? amountCents : 0),
    0
  )
  if (refunded < record.totalCents) {
    // A cancelled order whose money cannot be given back is nobody's to go on with.
    if (record.reservation === "held") return { _tag: "Stuck", code: "refund_refused" }
    return write(to(record.fulfilled ? "fulfilled" : "captured"))
  }
  if (record.reservation === "held") return write(...Goods.release(record), to("refunded"))
  return write(...Goods.restock(record), to("refunded"))
}
