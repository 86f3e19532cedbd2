/** What an order's state means to whoever asked for it under a key: whether there is an outcome, and which. */
import { Effect } from "effect"
import { InsufficientStock, OrderPaymentDeclined } from "./errors.ts"
import { isFinal, isStanding, type Order } from "./Order.ts"

/** What a client waits for: the order stands, has ended, or wants something from the customer. */
export const hasOutcome = (order: Order): boolean =>
  isStanding(order.status) || isFinal(order.status) || order.status === "requires_action"

/** What a keyed request answers for an order that failed: its problem, with the order to look at. */
export const outcomeOf = (order: Order): Effect.Effect<Order, OrderPaymentDeclined | InsufficientStock> => {
  switch (order.failure?.code) {
    case "payment_declined":
      return Effect.fail(new OrderPaymentDeclined({ orderId: order.id, reason: order.failure.reason }))
    case "insufficient_stock":
      return Effect.fail(new InsufficientStock({ orderId: order.id, lines: order.failure.lines }))
    case undefined:
      return Effect.succeed(order)
  }
}
