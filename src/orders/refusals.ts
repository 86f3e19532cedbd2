/**
 * Refusals that are kept under their key, and repeated: what was decided about a request that changed nothing.
 */
import { Effect, Schema } from "effect"
import {
  DiscountNotApplicable,
  IdempotencyKeyReused,
  MixedCurrencies,
  OrderStateConflict,
  PriceChanged,
  RefundTooLarge,
  TotalNotPayable,
  UnknownSkus
} from "./errors.ts"
import { Unauthenticated } from "../users/errors.ts"
import { DeferredDiscarded, DeferredExpired } from "../jobs/spool/errors.ts"
import type { StoredRefusal } from "./OrderStore.ts"

const OfPlacing = Schema.Union([UnknownSkus, DiscountNotApplicable, MixedCurrencies, PriceChanged, TotalNotPayable])
export type OfPlacing = typeof OfPlacing.Type
const OfCancelling = OrderStateConflict
export type OfCancelling = typeof OfCancelling.Type
const OfRefunding = Schema.Union([OrderStateConflict, RefundTooLarge])
export type OfRefunding = typeof OfRefunding.Type

/** What a deferred order can end with besides an order. */
export const OfDeferring = Schema.Union([
  ...OfPlacing.members,
  IdempotencyKeyReused,
  Unauthenticated,
  DeferredExpired,
  DeferredDiscarded
])

const kept = <A, I extends object>(refusals: Schema.Codec<A, I>) => {
  const encode = Schema.encodeUnknownSync(refusals)
  const decode = Schema.decodeUnknownEffect(refusals)
  return {
    store: (refusal: A): StoredRefusal => Object.fromEntries(Object.entries(encode(refusal))),
    /** The refusal, as it was. One that does not read any more was written by another version: a defect. */
    restore: (stored: StoredRefusal): Effect.Effect<never, A> =>
      Effect.flatMap(Effect.orDie(decode(stored)), (refusal) => Effect.fail(refusal))
  }
}

export const ofPlacing = kept(OfPlacing)
export const ofDeferring = kept(OfDeferring)
export const ofCancelling = kept(OfCancelling)
export const ofRefunding = kept(OfRefunding)
