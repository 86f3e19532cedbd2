/**
 * How the shop says no to an order. What happened before any order existed carries no order's id; what became of an
 * order that exists does, so that the client can look at it.
 *
 * Figures are the caller's own (what was asked for, what is left); nothing says who.
 */
import { Schema } from "effect"
import { OrderId, statuses } from "./Order.ts"

export class OrderNotFound extends Schema.TaggedError<OrderNotFound>()("OrderNotFound", { orderId: OrderId }) {
  readonly category = "permanent" as const
  override get message() {
    return "There is no such order: check the id."
  }
}

export class UnknownSkus extends Schema.TaggedError<UnknownSkus>()("UnknownSkus", {
  /** Positions of the cart's lines, from 0. */
  positions: Schema.Array(Schema.Int)
}) {
  readonly category = "permanent" as const
  override get message() {
    return "Some of these products do not exist: take them out of the cart."
  }
}

export class DiscountNotApplicable extends Schema.TaggedError<DiscountNotApplicable>()("DiscountNotApplicable", {
  reason: Schema.Literals(["unknown", "not_yet", "over", "below_minimum", "other_currency", "already_used"])
}) {
  readonly category = "permanent" as const
  override get message() {
    return "This discount does not apply to this order: leave it out."
  }
}

export class MixedCurrencies extends Schema.TaggedError<MixedCurrencies>()("MixedCurrencies", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "An order has one currency: split it in one order for each."
  }
}

export class PriceChanged extends Schema.TaggedError<PriceChanged>()("PriceChanged", {
  expected: Schema.Int,
  total: Schema.Int,
  currency: Schema.String
}) {
  readonly category = "permanent" as const
  override get message() {
    return "The total is not the one that was expected: show the new one, and order again with it."
  }
}

export class TotalNotPayable extends Schema.TaggedError<TotalNotPayable>()("TotalNotPayable", {
  totalCents: Schema.Int,
  /** What the payment provider takes in this currency, in minor units; nothing at all is fine. */
  minimumCents: Schema.Int,
  maximumCents: Schema.Int
}) {
  readonly category = "permanent" as const
  override get message() {
    return this.totalCents < this.minimumCents
      ? `A payment is ${this.minimumCents} minor units or more: put more into the cart.`
      : `A payment is ${this.maximumCents} minor units at most: split the order.`
  }
}

export class IdempotencyKeyReused extends Schema.TaggedError<IdempotencyKeyReused>()("IdempotencyKeyReused", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "This idempotency key was used for another request: take a new key for a new intent."
  }
}

export class IdempotencyInFlight extends Schema.TaggedError<IdempotencyInFlight>()("IdempotencyInFlight", {}) {
  readonly category = "transient" as const
  override get message() {
    return "The first request with this key is still at work: repeat this one with the same key."
  }
}

export class InsufficientStock extends Schema.TaggedError<InsufficientStock>()("InsufficientStock", {
  orderId: OrderId,
  lines: Schema.Array(Schema.Struct({ position: Schema.Int, requested: Schema.Int, available: Schema.Int }))
}) {
  readonly category = "permanent" as const
  override get message() {
    return "Some items are no longer available: change the quantities, and order again."
  }
}

export class OrderPaymentDeclined extends Schema.TaggedError<OrderPaymentDeclined>()("OrderPaymentDeclined", {
  orderId: OrderId,
  reason: Schema.Literals(["insufficient_funds", "expired_card", "incorrect_cvc", "declined"])
}) {
  readonly category = "permanent" as const
  override get message() {
    return "The payment was declined: nothing was charged. Order again with another payment method."
  }
}

export class OrderStateConflict extends Schema.TaggedError<OrderStateConflict>()("OrderStateConflict", {
  orderId: OrderId,
  status: Schema.Literals(statuses)
}) {
  readonly category = "permanent" as const
  override get message() {
    return `The order is ${this.status}, which does not allow this: look at the order, and decide anew.`
  }
}

export class OrderVersionDiffers extends Schema.TaggedError<OrderVersionDiffers>()("OrderVersionDiffers", {
  orderId: OrderId,
  /** The order now, as its owner is shown it. */
  status: Schema.Literals(statuses),
  version: Schema.Int
}) {
  readonly category = "permanent" as const
  override get message() {
    return "The order has changed since it was read: look at it, and decide anew."
  }
}

export class RefundTooLarge extends Schema.TaggedError<RefundTooLarge>()("RefundTooLarge", {
  orderId: OrderId,
  /** What was captured and is neither given back nor about to be. */
  refundableCents: Schema.Int
}) {
  readonly category = "permanent" as const
  override get message() {
    return `At most ${this.refundableCents} of this order can be given back: ask for no more than that.`
  }
}
