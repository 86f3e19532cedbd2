/**
 * Refusals that are kept under their key, and repeated: what was decided about a request before any order existed.
 */
import { Effect, Schema } from "effect"
import { DiscountNotApplicable, MixedCurrencies, PriceChanged, UnknownSkus } from "./errors.ts"
import type { StoredRefusal } from "./OrderStore.ts"

const Refusal = Schema.Union([UnknownSkus, DiscountNotApplicable, MixedCurrencies, PriceChanged])
export type Refusal = typeof Refusal.Type

const encode = Schema.encodeUnknownSync(Refusal)
const decode = Schema.decodeUnknownEffect(Refusal)

export const store = (refusal: Refusal): StoredRefusal => encode(refusal)

/** The refusal, as it was. One that does not read any more was written by another version: a defect. */
export const restore = (stored: StoredRefusal): Effect.Effect<never, Refusal> =>
  Effect.flatMap(Effect.orDie(decode(stored)), (refusal) => Effect.fail(refusal))
