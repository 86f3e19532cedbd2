/**
 * The life of an order as a machine: from the record of what is known, what comes next. Pure, so that it can be searched.
 *
 * It is asked under the order's row lock, and answers either changes to write (then it is asked again, in the same
 * transaction), or one thing for the world outside. What is sent was marked as sent in a committed transaction first;
 * an operation marked `sent` without an answer is sent again under the same key, which the provider answers the same.
 * Before the payment is confirmed everything can be undone; from `confirmed` on the order only goes forward.
 */
import type { Failure, OrderStatus } from "./Order.ts"

export type Operation = "create" | "confirm" | "capture" | "cancel"
export type OperationState = "sent" | "succeeded" | "refused" | "closed"

export interface SagaRecord {
  readonly orderId: string
  readonly status: OrderStatus
  readonly totalCents: number
  readonly currency: string
  readonly paymentMethod: string
  readonly reservation: "none" | "leased" | "held" | "committed" | "released"
  readonly providerId: string | undefined
  readonly operations: { readonly [O in Operation]?: OperationState }
  /** When the order came into its status, for the states that wait for somebody. */
  readonly statusSinceMillis: number
}

export type Change =
  | { readonly _tag: "Status"; readonly status: OrderStatus; readonly failure?: Failure }
  /** Takes the stock under a lease; the store turns it into a failed order when there is not enough. */
  | { readonly _tag: "Reserve" }
  /** Takes the clock off the reservation; the store turns it into `released` when the lease is over. */
  | { readonly _tag: "Hold" }
  | { readonly _tag: "CommitStock" }
  | { readonly _tag: "ReleaseStock" }
  | { readonly _tag: "MarkSent"; readonly operation: Operation }
  | {
      readonly _tag: "Settle"
      readonly operation: Operation
      readonly state: Exclude<OperationState, "sent">
      readonly answer: Answer
    }
  | { readonly _tag: "ProviderId"; readonly providerId: string }

/** What the provider said. Nothing here is a guess: what is not known leaves its operation `sent`. */
export type Answer =
  | { readonly _tag: "Created"; readonly providerId: string }
  | { readonly _tag: "Authorized" }
  | { readonly _tag: "RequiresAction"; readonly url: string; readonly expiresAtMillis: number }
  | { readonly _tag: "Declined"; readonly reason: Extract<Failure, { code: "payment_declined" }>["reason"] }
  | { readonly _tag: "Captured" }
  | { readonly _tag: "Cancelled" }

export type Decision =
  | { readonly _tag: "Write"; readonly changes: readonly [Change, ...ReadonlyArray<Change>] }
  | { readonly _tag: "Send"; readonly operation: Operation }
  /** Ask what became of the payment: the customer, not the provider, has to act. */
  | { readonly _tag: "Ask" }
  | { readonly _tag: "Finished" }

const write = (...changes: [Change, ...ReadonlyArray<Change>]): Decision => ({ _tag: "Write", changes })
const to = (status: OrderStatus): Change => ({ _tag: "Status", status })
const finished: Decision = { _tag: "Finished" }

/** A customer who does not finish the authentication in this time has left (HTTP.md: 10 minutes). */
export const actionDeadlineMillis = 600_000

/** What comes next for this order. */
export const decide = (record: SagaRecord, nowMillis: number): Decision => {
  switch (record.status) {
    case "pending":
      return record.reservation === "leased" || record.reservation === "held"
        ? write(to("reserved"))
        : write({ _tag: "Reserve" })
    case "reserved":
      return record.totalCents === 0 ? withoutPayment(record) : paying(record)
    case "requires_action":
      return acting(record, nowMillis)
    case "authorized":
      return write(to("confirmed"))
    case "confirmed":
      if (record.totalCents === 0 || record.operations.capture === "succeeded") {
        return write({ _tag: "CommitStock" }, to("captured"))
      }
      return record.operations.capture === "sent"
        ? { _tag: "Send", operation: "capture" }
        : write({ _tag: "MarkSent", operation: "capture" })
    default:
      return finished
  }
}

/** Nothing to pay: the order stands as soon as its stock is held. */
const withoutPayment = (record: SagaRecord): Decision =>
  record.reservation === "held" ? write(to("authorized")) : holdOrReserveAgain(record)

const paying = (record: SagaRecord): Decision => {
  const { create, confirm } = record.operations
  if (record.providerId === undefined) {
    return create === "sent" ? { _tag: "Send", operation: "create" } : write({ _tag: "MarkSent", operation: "create" })
  }
  if (confirm === "succeeded") return write(to("authorized"))
  if (confirm === "sent") return { _tag: "Send", operation: "confirm" }
  if (record.reservation !== "held") return holdOrReserveAgain(record)
  return write({ _tag: "MarkSent", operation: "confirm" })
}

const holdOrReserveAgain = (record: SagaRecord): Decision =>
  record.reservation === "leased" ? write({ _tag: "Hold" }) : write(to("pending"))

const acting = (record: SagaRecord, nowMillis: number): Decision => {
  if (record.operations.cancel === "sent") return { _tag: "Send", operation: "cancel" }
  return nowMillis - record.statusSinceMillis < actionDeadlineMillis
    ? { _tag: "Ask" }
    : write({ _tag: "MarkSent", operation: "cancel" })
}

/** What an answer changes. An answer that no longer fits the record changes nothing. */
export const record = (known: SagaRecord, operation: Operation, answer: Answer): ReadonlyArray<Change> => {
  if (known.operations[operation] !== "sent" && !(operation === "confirm" && known.status === "requires_action"))
    return []
  const settle = (state: Exclude<OperationState, "sent">): Change => ({ _tag: "Settle", operation, state, answer })
  switch (answer._tag) {
    case "Created":
      return [settle("succeeded"), { _tag: "ProviderId", providerId: answer.providerId }]
    case "Authorized":
      return known.status === "requires_action" ? [settle("succeeded"), to("reserved")] : [settle("succeeded")]
    case "RequiresAction":
      return known.status === "requires_action" ? [] : [settle("closed"), to("requires_action")]
    case "Declined":
      return [
        settle("refused"),
        { _tag: "ReleaseStock" },
        { _tag: "Status", status: "failed", failure: { code: "payment_declined", reason: answer.reason } }
      ]
    case "Captured":
      return [settle("succeeded")]
    case "Cancelled":
      return [settle(operation === "cancel" ? "succeeded" : "closed"), { _tag: "ReleaseStock" }, to("cancelled")]
  }
}

/** The record after a change, as far as the change decides it alone. */
export const apply = (known: SagaRecord, change: Change, nowMillis: number): SagaRecord => {
  switch (change._tag) {
    case "Status":
      return { ...known, status: change.status, statusSinceMillis: nowMillis }
    case "Reserve":
      return { ...known, reservation: "leased" }
    case "Hold":
      return { ...known, reservation: "held" }
    case "CommitStock":
      return { ...known, reservation: "committed" }
    case "ReleaseStock":
      return { ...known, reservation: "released" }
    case "MarkSent":
      return { ...known, operations: { ...known.operations, [change.operation]: "sent" } }
    case "Settle":
      return { ...known, operations: { ...known.operations, [change.operation]: change.state } }
    case "ProviderId":
      return { ...known, providerId: change.providerId }
  }
}
