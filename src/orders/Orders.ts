/**
 * Orders: placing one, reading it back, and what can be wanted of it later. An order is durable before any money moves.
 *
 * `place`, `cancel` and `refund` answer as soon as what is wanted is stored; the work goes on in the order's job, whoever
 * listens. One account and key are one wish: a repeat answers the same order, whatever became of it, and another wish
 * under the key is refused. Another account's order is not found; `refund` and `fulfil` are for operators, and find all.
 */
import { Context, DateTime, Effect, Layer, Option } from "effect"
import { Catalog } from "../catalog/Catalog.ts"
import { TermsOfSale } from "../catalog/TermsOfSale.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { Jobs } from "../jobs/Jobs.ts"
import { type FeatureDisabled, KillSwitches, whenEnabled } from "../resilience/index.ts"
import type { UserId } from "../users/User.ts"
import {
  type IdempotencyInFlight,
  type IdempotencyKeyReused,
  OrderNotFound,
  type OrderStateConflict,
  type OrderVersionDiffers,
  type RefundTooLarge,
  UnknownSkus
} from "./errors.ts"
import { type Cart, isFinal, type Order, type OrderId } from "./Order.ts"
import { orderKeys } from "./orderKeys.ts"
import { hasOutcome } from "./orderOutcome.ts"
import {
  type Claim,
  type Claimed,
  orderQueue,
  OrderStore,
  type Page,
  type StoredRefusal,
  type TimelineEntry
} from "./OrderStore.ts"
import type { OrderCursor } from "./Order.ts"
import { Outcomes } from "./Outcomes.ts"
import { price, type PricedLine } from "./pricing.ts"
import { type KeptKey, refusedUnder } from "./keptKey.ts"
import { ofCancelling, type OfPlacing, ofPlacing, ofRefunding } from "./refusals.ts"

type Failures = DatabaseUnavailable | QueryTimeout
type KeyFailures = IdempotencyKeyReused | IdempotencyInFlight
/** Why an order is not placed: refused for good, under its key, or not now. */
export type PlacingFailures = OfPlacing | FeatureDisabled | KeyFailures | Failures

/** The route is part of what a key means: the same key on another route is another request. */
const routes = {
  place: "POST /v1/orders",
  cancel: "POST /v1/orders/:id/cancel",
  refund: "POST /v1/orders/:id/refunds"
} as const

/** The feature that an operator switches off to take no new orders; those that were taken go on. */
export const checkout = "checkout"
/** The feature that an operator switches off to give no money back for now; refunds that were taken go on. */
export const refunds = "refunds"

export interface Placed extends KeptKey {
  readonly orderId: OrderId
}

export class Orders extends Context.Service<
  Orders,
  {
    readonly place: (userId: UserId, key: string, cart: Cart) => Effect.Effect<Placed, PlacingFailures>
    /**
     * Places what was handed in earlier, at the total that was quoted then. `before` decides whether it still may be
     * placed; it is not asked when the key has made its order, or been refused, already.
     */
    readonly placeDeferred: <E>(
      deferred: {
        readonly userId: UserId
        readonly key: string
        readonly cart: Cart
        readonly quotedTotalCents: number
      },
      before: Effect.Effect<void, E>
    ) => Effect.Effect<Placed, PlacingFailures | E>
    /** Until its money is taken. `version` is the one that the customer saw; a repeated key is looked at before it. */
    readonly cancel: (
      userId: UserId,
      key: string,
      order: { readonly id: OrderId; readonly version: number }
    ) => Effect.Effect<Placed, OrderNotFound | OrderVersionDiffers | OrderStateConflict | KeyFailures | Failures>
    /** Gives back part of what was taken, or, without an amount, all that is left. In minor units. */
    readonly refund: (
      operator: UserId,
      key: string,
      refund: { readonly id: OrderId; readonly amountCents: number | undefined }
    ) => Effect.Effect<
      Placed,
      OrderNotFound | OrderStateConflict | RefundTooLarge | FeatureDisabled | KeyFailures | Failures
    >
    /** The goods are on their way: from here on a refund brings none of them back. Safe to repeat. */
    readonly fulfil: (id: OrderId) => Effect.Effect<void, OrderNotFound | OrderStateConflict | Failures>
    /** Makes the order look at itself now: something outside has happened to it. */
    readonly wake: (id: OrderId) => Effect.Effect<void, Failures>
    /** The order that this account's key made: did it arrive? */
    readonly findByKey: (userId: UserId, key: string) => Effect.Effect<Option.Option<Order>, Failures>
    readonly find: (userId: UserId, id: OrderId) => Effect.Effect<Order, OrderNotFound | Failures>
    /** The order as soon as it stands or has ended, or as it is after `waitMillis`. */
    readonly follow: (userId: UserId, id: OrderId, waitMillis: number) => Effect.Effect<Order, OrderNotFound | Failures>
    /** The order as soon as nothing more happens to it by itself, or as it is after `waitMillis`. For any account's. */
    readonly settled: (id: OrderId, waitMillis: number) => Effect.Effect<Order, OrderNotFound | Failures>
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
      const jobs = yield* Jobs
      const switches = yield* KillSwitches
      const keys = yield* orderKeys
      const whileOn = (feature: string) => Effect.provideService(whenEnabled(feature), KillSwitches, switches)

      const priced = Effect.fnUntraced(function* (cart: Cart, expectedTotalCents: number | undefined) {
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
        return { lines, price: yield* Effect.fromResult(price(lines, terms, now, expectedTotalCents)) }
      })

      const answered = <E>(
        claimed: Claimed,
        id: OrderId,
        restore: (refusal: StoredRefusal) => Effect.Effect<never, E>
      ): Effect.Effect<Placed, E> => {
        switch (claimed._tag) {
          case "Placed":
            return Effect.succeed({ orderId: id, replayed: false, keyExpiresAt: claimed.expiresAt })
          case "Replayed":
            return Effect.succeed({ orderId: claimed.orderId, replayed: true, keyExpiresAt: claimed.expiresAt })
          case "Refused":
            return Effect.andThen(
              refusedUnder({ replayed: true, keyExpiresAt: claimed.expiresAt }),
              restore(claimed.refusal)
            )
        }
      }
      /** Keeps a refusal under its key, and fails with it; or answers what another request was told meanwhile. */
      const kept = <E>(claim: Claim, refusal: E, stored: StoredRefusal) =>
        Effect.flatMap(store.refuse(claim, stored), (claimed) =>
          claimed._tag === "Kept"
            ? Effect.andThen(refusedUnder({ replayed: false, keyExpiresAt: claimed.expiresAt }), Effect.fail(refusal))
            : Effect.succeed(claimed)
        )

      const placing = Effect.fnUntraced(function* <E>(
        { cart, key, userId }: { readonly userId: UserId; readonly key: string; readonly cart: Cart },
        expectedTotalCents: number | undefined,
        allowed: Effect.Effect<void, E>
      ) {
        const id = keys.orderId(userId, routes.place, key)
        const claim: Claim = { account: userId, route: routes.place, key, ...keys.ofCart(cart) }
        const before = yield* store.claimed(claim)
        if (Option.isSome(before)) return yield* answered(before.value, id, ofPlacing.restore)
        yield* allowed
        const order = yield* priced(cart, expectedTotalCents).pipe(
          Effect.catchTag(
            ["UnknownSkus", "DiscountNotApplicable", "MixedCurrencies", "PriceChanged", "TotalNotPayable"],
            (refusal) => kept(claim, refusal, ofPlacing.store(refusal))
          )
        )
        if ("_tag" in order) return yield* answered(order, id, ofPlacing.restore)
        const claimed = yield* store.place(claim, {
          id,
          userId,
          ...order,
          paymentMethod: cart.paymentMethod,
          discountCode: cart.discountCode,
          clientReference: cart.clientReference
        })
        return yield* answered(claimed, id, ofPlacing.restore)
      })

      const place = Effect.fn("Orders.place")((userId: UserId, key: string, cart: Cart) =>
        placing({ userId, key, cart }, cart.expectedTotal, whileOn(checkout))
      )
      const placeDeferred: Orders["Service"]["placeDeferred"] = (deferred, before) =>
        placing(deferred, deferred.quotedTotalCents, Effect.andThen(before, whileOn(checkout)))

      const cancel = Effect.fn("Orders.cancel")(function* (
        userId: UserId,
        key: string,
        { id, version }: { readonly id: OrderId; readonly version: number }
      ) {
        const claim: Claim = { account: userId, route: routes.cancel, key, ...keys.ofWish([id]) }
        const before = yield* store.claimed(claim)
        const claimed = Option.isSome(before)
          ? before.value
          : yield* store
              .requestCancel(claim, { id, userId, version })
              .pipe(
                Effect.catchTag("OrderStateConflict", (refusal) => kept(claim, refusal, ofCancelling.store(refusal)))
              )
        return yield* answered(claimed, id, ofCancelling.restore)
      })

      const refund = Effect.fn("Orders.refund")(function* (
        operator: UserId,
        key: string,
        asked: { readonly id: OrderId; readonly amountCents: number | undefined }
      ) {
        const wish = keys.ofWish([asked.id, asked.amountCents ?? null])
        const claim: Claim = { account: operator, route: routes.refund, key, ...wish }
        const before = yield* store.claimed(claim)
        if (Option.isNone(before)) yield* whileOn(refunds)
        const claimed = Option.isSome(before)
          ? before.value
          : yield* store
              .requestRefund(claim, asked)
              .pipe(
                Effect.catchTag(["OrderStateConflict", "RefundTooLarge"], (refusal) =>
                  kept(claim, refusal, ofRefunding.store(refusal))
                )
              )
        return yield* answered(claimed, asked.id, ofRefunding.restore)
      })

      const fulfil = Effect.fn("Orders.fulfil")(function* (id: OrderId) {
        yield* store.fulfil(id)
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

      const anyones = Effect.fnUntraced(function* (id: OrderId) {
        const found = yield* store.find(id)
        return Option.isSome(found) ? found.value.order : yield* new OrderNotFound({ orderId: id })
      })

      const settled = Effect.fn("Orders.settled")(function* (id: OrderId, waitMillis: number) {
        return yield* outcomes.wait(id, anyones(id), (order) => isFinal(order.status), waitMillis)
      })

      const findByKey = Effect.fn("Orders.findByKey")(function* (userId: UserId, key: string) {
        const id = yield* store.findByKey({ account: userId, route: routes.place, key })
        if (Option.isNone(id)) return Option.none()
        return Option.map(yield* store.find(id.value), (found) => found.order)
      })

      const wake = Effect.fn("Orders.wake")(function* (id: OrderId) {
        yield* jobs.wake(orderQueue, id)
      })

      const timeline = Effect.fn("Orders.timeline")(function* (userId: UserId, id: OrderId) {
        yield* find(userId, id)
        return yield* store.timeline(id)
      })

      const { list } = store
      return Orders.of({
        place,
        placeDeferred,
        cancel,
        refund,
        fulfil,
        wake,
        findByKey,
        find,
        follow,
        settled,
        list,
        timeline
      })
    })
  )
}
