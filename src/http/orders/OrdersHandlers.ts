/**
 * Unpacks requests about orders, and calls the feature.
 *
 * A keyed POST, first or repeated, answers by the order's state alone: 201 from `confirmed` on, 202 while it goes on,
 * its problem when it failed. It waits for that as long as `Prefer: wait` asks for; who leaves changes nothing.
 * While the database is down it is taken into custody: 202, with where to ask what becomes of it.
 * Cancels and refunds answer alike: 200 (201 for a refund) when nothing more happens by itself, 202 before.
 */
import { Effect, Layer, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { DeferredOrders } from "../../orders/deferred/DeferredOrders.ts"
import { isFinal, isStanding, Order, OrderId } from "../../orders/Order.ts"
import { outcomeOf } from "../../orders/orderOutcome.ts"
import { Orders, type Placed } from "../../orders/Orders.ts"
import { Api } from "../Api.ts"
import { Authorization, CurrentPrincipal, operatorsOnly, TrustingAuthorization } from "../Authorization.ts"
import { hasCommitted } from "../CurrentRequest.ts"
import { keptAnswer } from "../deferred/deferredAnswer.ts"
import { PreconditionRequired } from "../errors.ts"
import { idempotencyKey, keyedHeaders, withKeyTold } from "../Idempotency.ts"
import { waitSecondsDefault, waitSecondsMost } from "../limits.ts"
import { Cursors } from "../pages.ts"
import { RateLimits } from "../RateLimits.ts"
import { rates } from "../rates/Rate.ts"
import { linked, nextCursor, respond } from "../responses.ts"
import { OrderAccepted, OrdersShown } from "./OrdersApi.ts"
import { orderTag, versionIn } from "./orderTag.ts"

/** Seconds of `Prefer: wait=N` (RFC 7240); what cannot be read is ignored, as the RFC wants it. */
const preferredWait = Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
  const asked = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/i.exec(request.headers["prefer"] ?? "")?.[1]
  return asked === undefined ? waitSecondsDefault : Math.min(Number(asked), waitSecondsMost)
})

/** The version that If-Match names. */
const seenVersion = Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
  const given = request.headers["if-match"]?.trim()
  return { given: given !== undefined, version: versionIn(given ?? "") }
})

/** An order after a keyed POST. One that goes on says in its body, too, where to ask for it. */
const respondAbout = (order: Order, placed: Placed, status: 200 | 201 | 202) => {
  const resource = `/v1/orders/${order.id}`
  const headers = { location: resource, etag: orderTag(order), ...keyedHeaders(placed) }
  return status === 202
    ? respond(OrderAccepted, { ...order, resource }, { status, headers: { ...headers, "retry-after": "1" } })
    : respond(Order, order, { status, headers })
}

/** What became of a wish about an order, after as much waiting as was asked for. */
const wished = Effect.fnUntraced(function* (orders: Orders["Service"], placed: Placed, done: 200 | 201) {
  yield* hasCommitted(`/v1/orders/${placed.orderId}`, keyedHeaders(placed))
  const order = yield* orders.settled(placed.orderId, (yield* preferredWait) * 1000)
  return yield* respondAbout(order, placed, isFinal(order.status) ? done : 202)
})

export const ordersHandlers = HttpApiBuilder.group(
  Api,
  "orders",
  Effect.fn(function* (handlers) {
    const orders = yield* Orders
    const deferredOrders = yield* DeferredOrders
    const cursors = yield* Cursors
    const limits = yield* RateLimits
    return handlers.handleAll({
      place: Effect.fnUntraced(function* ({ payload }) {
        const principal = yield* CurrentPrincipal
        const { userId } = principal
        yield* limits.count(rates.orders, userId)
        const key = yield* idempotencyKey
        const placed = yield* withKeyTold(deferredOrders.place(principal, key, payload))
        if ("deferred" in placed) return yield* keptAnswer(placed, key)
        yield* hasCommitted(`/v1/orders/${placed.orderId}`, keyedHeaders(placed))
        const wait = yield* preferredWait
        const order = yield* Effect.flatMap(orders.follow(userId, placed.orderId, wait * 1000), outcomeOf)
        const stands = isStanding(order.status) || order.status === "cancelled"
        return yield* respondAbout(order, placed, stands ? 201 : 202)
      }),
      get: Effect.fnUntraced(function* ({ params, query }) {
        const { userId } = yield* CurrentPrincipal
        const order = yield* orders.follow(userId, params.id, (query.wait ?? 0) * 1000)
        return yield* respond(Order, order, { status: 200, headers: { etag: orderTag(order) } })
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        const { userId } = yield* CurrentPrincipal
        if (query.idempotency_key !== undefined) {
          const found = yield* orders.findByKey(userId, query.idempotency_key)
          const alone = { data: Option.toArray(found), ...nextCursor(cursors, "orders", undefined) }
          return yield* respond(OrdersShown, alone, { status: 200 })
        }
        const { limit, after } = yield* cursors.read("orders", query)
        const page = yield* orders.list(userId, {
          limit,
          after: Option.map(after, (last) => ({ ...last, id: OrderId.make(last.id) }))
        })
        const more = nextCursor(cursors, "orders", Option.getOrUndefined(page.next))
        const response = yield* respond(OrdersShown, { data: page.orders, ...more }, { status: 200 })
        return linked("/v1/orders", limit, more.next_cursor)(response)
      }),
      timeline: Effect.fnUntraced(function* ({ params }) {
        const { userId } = yield* CurrentPrincipal
        return { data: yield* orders.timeline(userId, params.id) }
      }),
      cancel: Effect.fnUntraced(function* ({ params }) {
        const { userId } = yield* CurrentPrincipal
        yield* limits.count(rates.orders, userId)
        const key = yield* idempotencyKey
        const seen = yield* seenVersion
        const placed = yield* orders.cancel(userId, key, { id: params.id, version: seen.version }).pipe(
          withKeyTold,
          Effect.catchTag("OrderVersionDiffers", (differs) =>
            Effect.fail(seen.given ? differs : new PreconditionRequired())
          )
        )
        return yield* wished(orders, placed, 200)
      }),
      refund: Effect.fnUntraced(function* ({ params, payload }) {
        const { userId } = yield* operatorsOnly
        const key = yield* idempotencyKey
        const placed = yield* withKeyTold(orders.refund(userId, key, { id: params.id, amountCents: payload.amount }))
        return yield* wished(orders, placed, 201)
      })
    })
  })
).pipe(Layer.provide([Authorization.layer, TrustingAuthorization.layer]))
