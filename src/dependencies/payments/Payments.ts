/**
 * Payments: holding, taking and giving back a customer's money through the provider.
 *
 * Two steps before any money moves: `create` makes a payment that holds nothing, so its id can be stored first; only
 * `confirm` holds money. So a lost answer always leaves something to ask about. Every write is carried out once per
 * key; repeating it with the key and the same content gives the same answer, for 24 hours (repeat only below 23).
 * `DependencyUnavailable` with `sent: "maybe"` is no refusal: the operation may have taken effect.
 */
import { Context } from "effect"
import type { Effect } from "effect"
import type { DependencyUnavailable, IdempotencyKey } from "../../resilience/index.ts"
import type {
  PaymentDeclined,
  PaymentKeyReused,
  PaymentMismatch,
  PaymentRefused,
  PaymentStateDiffers
} from "./errors.ts"
import type { Money, Payment, PaymentReference, Refund } from "./Payment.ts"

/** What any operation may answer instead. */
export type PaymentFailure = PaymentRefused | PaymentMismatch | DependencyUnavailable

export interface CreatePayment {
  readonly key: IdempotencyKey
  readonly orderId: string
  readonly amount: Money
  /** The provider's name for the customer's card; the card itself never comes near the shop. */
  readonly paymentMethod: string
}

export interface PaymentWrite {
  readonly key: IdempotencyKey
  readonly payment: PaymentReference
}

export interface ConfirmPayment extends PaymentWrite {
  /** Where the customer's browser goes after approving at the bank. */
  readonly returnUrl?: string
}

export interface RefundPayment extends PaymentWrite {
  readonly amountCents: number
}

export interface CreatedBetween {
  /** Seconds since 1970, inclusive. */
  readonly fromSeconds: number
  readonly untilSeconds: number
  /** The last payment of the page before. */
  readonly after?: string
}

export class Payments extends Context.Service<
  Payments,
  {
    readonly create: (asked: CreatePayment) => Effect.Effect<Payment, PaymentKeyReused | PaymentFailure>
    /** Succeeds with `authorized`, `requires_action` or `processing`. */
    readonly confirm: (
      asked: ConfirmPayment
    ) => Effect.Effect<Payment, PaymentDeclined | PaymentStateDiffers | PaymentKeyReused | PaymentFailure>
    readonly capture: (
      asked: PaymentWrite
    ) => Effect.Effect<Payment, PaymentStateDiffers | PaymentKeyReused | PaymentFailure>
    /** Gives back what is held. A captured payment answers `PaymentStateDiffers`: refund it instead. */
    readonly cancel: (
      asked: PaymentWrite
    ) => Effect.Effect<Payment, PaymentStateDiffers | PaymentKeyReused | PaymentFailure>
    readonly refund: (
      asked: RefundPayment
    ) => Effect.Effect<Refund, PaymentStateDiffers | PaymentKeyReused | PaymentFailure>
    /** The payment as it stands. Without `expected`, only its id is checked. */
    readonly retrieve: (
      paymentId: string,
      expected?: Omit<PaymentReference, "paymentId">
    ) => Effect.Effect<Payment, PaymentFailure>
    readonly refundsOf: (paymentId: string) => Effect.Effect<ReadonlyArray<Refund>, PaymentFailure>
    /** Every payment made for an order. The provider's search lags: an empty answer proves nothing for some minutes. */
    readonly findByOrder: (orderId: string) => Effect.Effect<ReadonlyArray<Payment>, PaymentFailure>
    /** A page of at most 100, newest first, for comparing the books. */
    readonly createdBetween: (
      window: CreatedBetween
    ) => Effect.Effect<{ readonly payments: ReadonlyArray<Payment>; readonly hasMore: boolean }, PaymentFailure>
  }
>()("holdfast/dependencies/payments/Payments") {}
