/**
 * What is known of an order's life, and what may be written to it: the words that the machine in `saga.ts` speaks.
 *
 * A record is read from the rows under the order's lock. Changes are data, so that the same decision is carried out by
 * PostgreSQL, by maps, and by the search that proves the machine. Times are milliseconds of the store's own clock.
 */
import type { Failure, OrderStatus } from "./Order.ts"

/** What is sent to the payment provider. Each happens once, as number 0; refunds are counted from 1. */
export type PaymentOperation = "create" | "confirm" | "capture" | "cancel" | "refund"
/** What is sent to a stock keeper elsewhere, under the order's id alone; each is number 0, however often it happens. */
export type StockOperation = "reserve" | "hold" | "commit" | "release" | "restock"
export type Operation = PaymentOperation | StockOperation
export type OperationState = "sent" | "succeeded" | "refused" | "closed"

export interface OperationRef {
  readonly operation: Operation
  readonly seq: number
}
export interface PaymentRef extends OperationRef {
  readonly operation: PaymentOperation
}

export interface RefundRecord {
  readonly seq: number
  readonly amountCents: number
  readonly state: "requested" | OperationState
}

export interface SagaRecord {
  readonly orderId: string
  readonly status: OrderStatus
  readonly totalCents: number
  readonly currency: string
  readonly paymentMethod: string
  readonly lines: ReadonlyArray<{ readonly sku: string; readonly quantity: number }>
  /** Who keeps the goods: this shop, in the same transaction, or a stock keeper elsewhere, who is sent messages. */
  readonly keeper: "here" | "elsewhere"
  /** What was decided about the goods; what must be answered first (leased, held) only once it was answered. */
  readonly reservation: "none" | "leased" | "held" | "committed" | "released" | "restocked" | "lost"
  /** What the stock keeper elsewhere was sent last, as long as it has not answered. */
  readonly stockSent: StockOperation | undefined
  readonly providerId: string | undefined
  readonly operations: { readonly [O in Exclude<PaymentOperation, "refund">]?: OperationState }
  readonly refunds: ReadonlyArray<RefundRecord>
  /** The customer wants out; carried out as long as the money was not taken for good. */
  readonly cancelRequested: boolean
  /** The goods are on their way: a refund brings none of them back. */
  readonly fulfilled: boolean
  /** When the order came into its status, for the states that wait for somebody. */
  readonly statusSinceMillis: number
  /** When each operation was sent first, by `nameOf`. */
  readonly sentAtMillis: Readonly<Record<string, number>>
  /** When the provider's search first knew of no payment for this order. */
  readonly searchedEmptyAtMillis: number | undefined
}

export type Change =
  | { readonly _tag: "Status"; readonly status: OrderStatus; readonly failure?: Failure }
  /** Takes the stock under a lease; the store turns it into a failed order when there is not enough. */
  | { readonly _tag: "Reserve" }
  /** Takes the clock off the reservation; the store turns it into `released` when the lease is over. */
  | { readonly _tag: "Hold" }
  | { readonly _tag: "CommitStock" }
  | { readonly _tag: "ReleaseStock" }
  /** Sold goods that never left the house are for others again. */
  | { readonly _tag: "Restock" }
  | ({ readonly _tag: "MarkSent" } & OperationRef)
  | ({
      readonly _tag: "Settle"
      readonly state: Exclude<OperationState, "sent">
      readonly answer: Answer
    } & PaymentRef)
  /** The stock keeper elsewhere has answered what it was sent. */
  | { readonly _tag: "StockAnswered"; readonly reservation: SagaRecord["reservation"] }
  | { readonly _tag: "ProviderId"; readonly providerId: string }
  | { readonly _tag: "SearchedEmpty" }
  | { readonly _tag: "RequestRefund"; readonly seq: number; readonly amountCents: number }

/** What the provider said. Nothing here is a guess: what is not known leaves its operation `sent`. */
export type Answer =
  | { readonly _tag: "Created"; readonly providerId: string }
  /** The provider's search, which lags by minutes, knows of no payment for this order. */
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "Authorized" }
  | { readonly _tag: "RequiresAction"; readonly url: string; readonly expiresAtMillis: number }
  | { readonly _tag: "Declined"; readonly reason: Extract<Failure, { code: "payment_declined" }>["reason"] }
  | { readonly _tag: "Captured" }
  | { readonly _tag: "Cancelled" }
  | { readonly _tag: "Refunded" }
  | { readonly _tag: "RefundRefused" }
  /** The stock keeper elsewhere has done as it was asked, now or before. */
  | { readonly _tag: "StockMoved" }
  /** It has too little for this order, or has ended the order's reservation for good. */
  | { readonly _tag: "StockShort"; readonly lines: Extract<Failure, { code: "insufficient_stock" }>["lines"] }
  /** The lease is over: the goods may have gone to others. */
  | { readonly _tag: "StockLost" }

const stockOperations = new Set<Operation>(["reserve", "hold", "commit", "release", "restock"])
export const isOfStock = (operation: Operation): operation is StockOperation => stockOperations.has(operation)

export const nameOf = ({ operation, seq }: OperationRef): string => `${operation}:${seq}`

export const stateOf = (
  known: SagaRecord,
  { operation, seq }: OperationRef
): OperationState | "requested" | undefined => {
  if (isOfStock(operation)) return known.stockSent === operation ? "sent" : undefined
  return operation === "refund"
    ? known.refunds.find((refund) => refund.seq === seq)?.state
    : known.operations[operation]
}

export const amountOf = (known: SagaRecord, { operation, seq }: OperationRef): number =>
  operation === "refund" ? (known.refunds.find((refund) => refund.seq === seq)?.amountCents ?? 0) : known.totalCents

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
    case "Restock":
      return { ...known, reservation: "restocked" }
    case "MarkSent": {
      const { operation, seq } = change
      return {
        ...(isOfStock(operation) ? withStockSent(known, operation) : withState(known, { operation, seq }, "sent")),
        sentAtMillis: { ...known.sentAtMillis, [nameOf(change)]: nowMillis }
      }
    }
    case "StockAnswered":
      return { ...known, reservation: change.reservation, stockSent: undefined }
    case "Settle":
      return withState(known, change, change.state)
    case "ProviderId":
      return { ...known, providerId: change.providerId }
    case "SearchedEmpty":
      return { ...known, searchedEmptyAtMillis: nowMillis }
    case "RequestRefund": {
      const { amountCents, seq } = change
      return { ...known, refunds: [...known.refunds, { seq, amountCents, state: "requested" }] }
    }
  }
}

/** A sale, and an end, stand as soon as they are decided: no answer changes them. */
const decided: Partial<Record<StockOperation, SagaRecord["reservation"]>> = {
  commit: "committed",
  release: "released",
  restock: "restocked"
}
const withStockSent = (known: SagaRecord, operation: StockOperation): SagaRecord => ({
  ...known,
  stockSent: operation,
  reservation: decided[operation] ?? known.reservation
})

const withState = (known: SagaRecord, { operation, seq }: PaymentRef, state: OperationState): SagaRecord =>
  operation === "refund"
    ? { ...known, refunds: known.refunds.map((refund) => (refund.seq === seq ? { ...refund, state } : refund)) }
    : { ...known, operations: { ...known.operations, [operation]: state } }
