/** The HTTP contract of a stock keeper (docs/inventory.md) as schemas: both ends read and write by these. */
import { Schema } from "effect"

export const LineBody = Schema.Struct({
  sku: Schema.String,
  quantity: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 }))
})

export const LevelBody = Schema.Struct({ sku: Schema.String, available: Schema.Int })

export const ReservationBody = Schema.Struct({
  order_id: Schema.String,
  state: Schema.Literals(["leased", "held", "committed", "released", "restocked"]),
  expires_at: Schema.NullOr(Schema.DateTimeUtcFromString)
})

/** Every refusal that the contract knows; another one is a bug of ours, or not from the stock keeper at all. */
export const RefusalBody = Schema.Union([
  Schema.Struct({
    code: Schema.Literal("insufficient_stock"),
    shortages: Schema.Array(Schema.Struct({ sku: Schema.String, requested: Schema.Int, available: Schema.Int }))
  }),
  Schema.Struct({ code: Schema.Literal("ended"), state: Schema.Literals(["committed", "released", "restocked"]) }),
  Schema.Struct({ code: Schema.Literals(["lost", "other_lines", "unknown_sku", "invalid_request"]) })
])
export type RefusalBody = typeof RefusalBody.Type
