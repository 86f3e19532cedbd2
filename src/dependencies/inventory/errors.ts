/** What a stock keeper may answer instead of doing what it was asked. All are certain: nothing was moved. */
import { Schema } from "effect"

export class SkuNotStocked extends Schema.TaggedError<SkuNotStocked>()("SkuNotStocked", { sku: Schema.String }) {
  readonly category = "permanent" as const
  override get message() {
    return "Nothing is kept under this SKU: check it."
  }
}

export class StockShort extends Schema.TaggedError<StockShort>()("StockShort", {
  orderId: Schema.String,
  shortages: Schema.Array(Schema.Struct({ sku: Schema.String, requested: Schema.Int, available: Schema.Int }))
}) {
  readonly category = "permanent" as const
  override get message() {
    return "There is not enough of some goods: nothing was reserved. Ask for less."
  }
}

/** There was no lease, or it is over: the goods may have gone to others. */
export class ReservationLost extends Schema.TaggedError<ReservationLost>()("ReservationLost", {
  orderId: Schema.String
}) {
  readonly category = "permanent" as const
  override get message() {
    return "This order has no goods reserved any more: reserve them again before anything else."
  }
}

/** The order's goods were given back, or are gone, for good. */
export class ReservationEnded extends Schema.TaggedError<ReservationEnded>()("ReservationEnded", {
  orderId: Schema.String,
  outcome: Schema.Literals(["committed", "released", "restocked"])
}) {
  readonly category = "permanent" as const
  override get message() {
    return `This order's goods were ${this.outcome}: that is not undone here.`
  }
}

/** We asked for something that makes no sense there: a bug of ours, for a person to look at. */
export class InventoryRefused extends Schema.TaggedError<InventoryRefused>()("InventoryRefused", {
  orderId: Schema.optionalKey(Schema.String),
  code: Schema.String
}) {
  readonly category = "permanent" as const
  override get message() {
    return "The stock keeper refuses this request as it is: an operator has to look at it."
  }
}
