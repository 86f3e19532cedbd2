/**
 * Orders: placing one and reading it back. An order is durable before any money moves.
 *
 * `place` answers as soon as the order is stored; the work goes on in its job, whoever listens. One account and key are
 * one order: a repeat answers the same order, whatever became of it, and another body under the key is refused.
 * Another account's order is not found.
 */
import { Context, DateTime, Effect, Layer, Option } from "effect"
import { Catalog } from "../catalog/Catalog.ts"
import { TermsOfSale } from "../catalog/TermsOfSale.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { UserId } from "../users/User.ts"
import {
  type DiscountNotApplicable,
  type IdempotencyInFlight,
  type IdempotencyKeyReused,
  InsufficientStock,
  type MixedCurrencies,
  OrderNotFound,
  OrderPaymentDeclined,
  type PriceChanged,
  UnknownSkus
} from "./errors.ts"
import { type Cart, isFinal, isStanding, type Order, type OrderId } from "./Order.ts"
import { orderKeys } from "./orderKeys.ts"
import { type Claim, type Claimed, OrderStore, type Page, type TimelineEntry } from "./OrderStore.ts"
import type { OrderCursor } from "./Order.ts"
import { Outcomes } from "./Outcomes.ts"
import { price, type PricedLine } from "./pricing.ts"
import { type Refusal, restore, store as storeRefusal } from "./refusals.ts"

type Failures = DatabaseUnavailable | QueryTimeout
/** The route is part of what a key means: the same key on another route is another request. */
const route = "POST /v1/orders"

export interface Placed {
  readonly orderId: OrderId
  /** True when the key had been used before: nothing new was made. */
  readonly replayed: boolean
  /** When the key is forgotten. */
  readonly keyExpiresAt: DateTime.Utc
}

export class Orders extends Context.Service<
  Orders,
  {
    readonly place: (
      userId: UserId,
      key: string,
      cart: Cart
    ) => Effect.Effect<
      Placed,
      | UnknownSkus
      | DiscountNotApplicable
      | MixedCurrencies
      | PriceChanged
      | IdempotencyKeyReused
      | IdempotencyInFlight
      | Failures
    >
    readonly find: (userId: UserId, id: OrderId) => Effect.Effect<Order, OrderNotFound | Failures>
    /** The order as soon as it stands or has ended, or as it is after `waitMillis`. */
    readonly follow: (userId: UserId, id: OrderId, waitMillis: number) => Effect.Effect<Order, OrderNotFound | Failures>
    readonly list: (
      userId: UserId,
      page: { readonly limit: number; readonly after: Option.Option<OrderCursor> }
    ) => Effect.Effect<Page, Failures>
    readonly timeline: (
      userId: UserId,
      id: OrderId
    ) => Effect.Effect<ReadonlyArray<TimelineEntry>, OrderNotFound | Failures>
  }
>()("holdfast/orders/Orders") {
  static readonly layer = Layer.effect(
    Orders,
    Effect.gen(function* () {
      const store = yield* OrderStore
      const catalog = yield* Catalog
      const termsOfSale = yield* TermsOfSale
      const outcomes = yield* Outcomes
      const keys = yield* orderKeys

      const priced = Effect.fnUntraced(function* (cart: Cart) {
        const products = yield* catalog.priceLines(cart.lines.map((line) => line.sku))
        const positions = cart.lines.flatMap((line, position) => (products.has(line.sku) ? [] : [position]))
        if (positions.length > 0) return yield* new UnknownSkus({ positions })
        const lines = cart.lines.flatMap((line): ReadonlyArray<PricedLine> => {
          const product = products.get(line.sku)
          if (product === undefined) return []
          const { amount, currency } = product.price
          return [{ sku: line.sku, name: product.name, quantity: line.quantity, unitPriceCents: amount, currency }]
        })
        const terms = yield* termsOfSale.find(cart.discountCode)
        const now = yield* DateTime.now
        return { lines, price: yield* Effect.fromResult(price(lines, terms, now, cart.expectedTotal)) }
      })

      const answered = (claimed: Claimed, id: OrderId): Effect.Effect<Placed, Refusal> => {
        switch (claimed._tag) {
          case "Placed":
            return Effect.succeed({ orderId: id, replayed: false, keyExpiresAt: claimed.expiresAt })
          case "Replayed":
            return Effect.succeed({ orderId: claimed.orderId, replayed: true, keyExpiresAt: claimed.expiresAt })
          case "Refused":
            return restore(claimed.refusal)
        }
      }

      const place = Effect.fn("Orders.place")(function* (userId: UserId, key: string, cart: Cart) {
        const id = keys.orderId(userId, route, key)
        const claim: Claim = { account: userId, route, key, fingerprint: keys.fingerprint(cart) }
        const before = yield* store.claimed(claim)
        if (Option.isSome(before)) return yield* answered(before.value, id)
        const order = yield* priced(cart).pipe(
          Effect.catchTag(["UnknownSkus", "DiscountNotApplicable", "MixedCurrencies", "PriceChanged"], (refusal) =>
            Effect.flatMap(store.refuse(claim, storeRefusal(refusal)), (claimed) =>
              claimed._tag === "Refused" ? Effect.fail(refusal) : Effect.succeed(claimed)
            )
          )
        )
        if ("_tag" in order) return yield* answered(order, id)
        const claimed = yield* store.place(claim, {
          id,
          userId,
          ...order,
          paymentMethod: cart.paymentMethod,
          discountCode: cart.discountCode,
          clientReference: cart.clientReference
        })
        return yield* answered(claimed, id)
      })

      const find = Effect.fn("Orders.find")(function* (userId: UserId, id: OrderId) {
        const found = yield* store.find(id)
        return Option.isSome(found) && found.value.userId === userId
          ? found.value.order
          : yield* new OrderNotFound({ orderId: id })
      })

      const follow = Effect.fn("Orders.follow")(function* (userId: UserId, id: OrderId, waitMillis: number) {
        return yield* outcomes.wait(id, find(userId, id), hasOutcome, waitMillis)
      })

      const timeline = Effect.fn("Orders.timeline")(function* (userId: UserId, id: OrderId) {
        yield* find(userId, id)
        return yield* store.timeline(id)
      })

      return Orders.of({ place, find, follow, list: store.list, timeline })
    })
  )
}

/** What a client waits for: the order stands, has ended, or wants something from the customer. */
const hasOutcome = (order: Order): boolean =>
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
