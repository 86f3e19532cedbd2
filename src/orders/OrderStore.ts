/**
 * Where orders are kept. Each method is one transaction; each is safe to repeat.
 *
 * `place` claims the key and inserts the order, its lines and its job together: a key is visible only with its order.
 * `advance` is one step of the saga under the order's row lock: it writes down an answer, decides, writes what was
 * decided, and says what to do outside. A step whose lease was lost writes nothing and answers `LeaseLost`.
 * Requests (cancel, refund, fulfil) only write down what is wanted, and wake the order's job, which does it.
 */
import { Context, type DateTime, type Effect, type Option } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { Fingerprints } from "../users/fingerprints.ts"
import type { UserId } from "../users/User.ts"
import type {
  DiscountNotApplicable,
  IdempotencyInFlight,
  IdempotencyKeyReused,
  OrderNotFound,
  OrderStateConflict,
  OrderVersionDiffers,
  RefundTooLarge
} from "./errors.ts"
import type { Order, OrderCursor, OrderId } from "./Order.ts"
import type { Price, PricedLine } from "./pricing.ts"
import { amountOf, type Answer, nameOf, type OperationRef, type SagaRecord } from "./sagaRecord.ts"

export interface Claim extends ClaimedKey, Fingerprints {}
export interface ClaimedKey {
  readonly account: UserId
  readonly route: string
  readonly key: string
}

export interface NewOrder {
  readonly id: OrderId
  readonly userId: UserId
  readonly lines: ReadonlyArray<PricedLine>
  readonly price: Price
  readonly paymentMethod: string
  readonly discountCode: string | undefined
  readonly clientReference: string | undefined
}

/** A refusal that was decided before any order existed, as it is kept under its key. */
export type StoredRefusal = Readonly<Record<string, unknown>>

/** `expiresAt` is when the key is forgotten. */
export type Claimed =
  | { readonly _tag: "Placed"; readonly expiresAt: DateTime.Utc }
  | { readonly _tag: "Replayed"; readonly orderId: OrderId; readonly expiresAt: DateTime.Utc }
  | { readonly _tag: "Refused"; readonly refusal: StoredRefusal; readonly expiresAt: DateTime.Utc }

/** The refusal is kept from now on. */
export interface Kept {
  readonly _tag: "Kept"
  readonly expiresAt: DateTime.Utc
}

export type NextStep =
  | ({
      readonly _tag: "Send"
      readonly key: string
      readonly amountCents: number
      /** It was sent before, and nobody knows the answer. */
      readonly repeated: boolean
    } & OperationRef &
      Outside)
  | ({ readonly _tag: "Ask" } & OperationRef & Outside)
  | ({ readonly _tag: "Search" } & Outside)
  | ({ readonly _tag: "Stuck"; readonly code: string } & Outside)
  | { readonly _tag: "Finished" }
  | { readonly _tag: "LeaseLost" }

/** What was known when the step was committed, by the store's clock. */
interface Outside {
  readonly record: SagaRecord
  readonly nowMillis: number
  /** How much longer the lease holds that this step was made under. */
  readonly leaseMillis: number
}

export interface Answered {
  readonly ref: OperationRef
  readonly answer: Answer
}

export interface Page {
  readonly orders: ReadonlyArray<Order>
  readonly next: Option.Option<OrderCursor>
}

export interface TimelineEntry {
  readonly at: DateTime.Utc
  readonly step: string
}

type Failures = DatabaseUnavailable | QueryTimeout

/** How long a key is kept (HTTP.md: 30 days). */
export const keyDays = 30
/** The queue that runs the sagas; an order's job has the order's id as its key. */
export const orderQueue = "orders"

/** The key of an operation never changes: whoever sends it again sends the same. */
export const operationKey = (orderId: string, { operation, seq }: OperationRef): string =>
  `${orderId}:${operation}:${seq}`

/** What goes out is read from the record alone. */
export const toSend = (record: SagaRecord, { operation, seq }: OperationRef, marked: ReadonlySet<string>) => ({
  _tag: "Send" as const,
  operation,
  seq,
  key: operationKey(record.orderId, { operation, seq }),
  amountCents: amountOf(record, { operation, seq }),
  repeated: !marked.has(nameOf({ operation, seq }))
})

type Refused = IdempotencyKeyReused | IdempotencyInFlight | OrderNotFound | OrderStateConflict

export class OrderStore extends Context.Service<
  OrderStore,
  {
    /** The decision that this key already stands for, if any. */
    readonly claimed: (claim: Claim) => Effect.Effect<Option.Option<Claimed>, IdempotencyKeyReused | Failures>
    readonly place: (
      claim: Claim,
      order: NewOrder
    ) => Effect.Effect<Claimed, IdempotencyKeyReused | IdempotencyInFlight | DiscountNotApplicable | Failures>
    /** Keeps the refusal under the key; or answers what the key stands for already. */
    readonly refuse: (
      claim: Claim,
      refusal: StoredRefusal
    ) => Effect.Effect<Kept | Claimed, IdempotencyKeyReused | IdempotencyInFlight | Failures>
    readonly find: (
      id: OrderId
    ) => Effect.Effect<Option.Option<{ readonly userId: UserId; readonly order: Order }>, Failures>
    readonly list: (
      userId: UserId,
      page: { readonly limit: number; readonly after: Option.Option<OrderCursor> }
    ) => Effect.Effect<Page, Failures>
    readonly timeline: (id: OrderId) => Effect.Effect<ReadonlyArray<TimelineEntry>, Failures>
    readonly advance: (
      id: OrderId,
      lease: { readonly jobId: string; readonly token: string },
      answered: Option.Option<Answered>
    ) => Effect.Effect<NextStep, Failures>
    /** Writes the wish down under its key, and wakes the order. `version` is the one that the customer saw. */
    readonly requestCancel: (
      claim: Claim,
      order: { readonly id: OrderId; readonly userId: UserId; readonly version: number }
    ) => Effect.Effect<Claimed, Refused | OrderVersionDiffers | Failures>
    /** Gives the refund its share of what was captured, and wakes the order. Without an amount, all that is left. */
    readonly requestRefund: (
      claim: Claim,
      refund: { readonly id: OrderId; readonly amountCents: number | undefined }
    ) => Effect.Effect<Claimed, Refused | RefundTooLarge | Failures>
    /** The goods are on their way. Safe to repeat. */
    readonly fulfil: (id: OrderId) => Effect.Effect<void, OrderNotFound | OrderStateConflict | Failures>
    /** The order that a key made, whatever was asked for with it. */
    readonly findByKey: (key: ClaimedKey) => Effect.Effect<Option.Option<OrderId>, Failures>
    /** Orders that are not finished although no job is at work on them. There are none unless something was lost. */
    readonly strays: (limit: number) => Effect.Effect<ReadonlyArray<OrderId>, Failures>
  }
>()("holdfast/orders/OrderStore") {}
