/**
 * Unpacks requests about orders, and calls the feature.
 *
 * A keyed POST, first or repeated, answers by the order's state alone: 201 from `confirmed` on, 202 while it goes on,
 * its problem when it failed. It waits for that as long as `Prefer: wait` asks for; who leaves changes nothing.
 */
import { Effect, Layer, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { isStanding, Order, OrderId } from "../../orders/Order.ts"
import { Orders, outcomeOf } from "../../orders/Orders.ts"
import { Api } from "../Api.ts"
import { Authorization, CurrentPrincipal } from "../Authorization.ts"
import { idempotencyKey, keyedHeaders } from "../Idempotency.ts"
import { waitSecondsDefault, waitSecondsMost } from "../limits.ts"
import { Cursors } from "../pages.ts"
import { nextCursor, respond } from "../responses.ts"

/** Seconds of `Prefer: wait=N` (RFC 7240); what cannot be read is ignored, as the RFC wants it. */
const preferredWait = Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
  const asked = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/i.exec(request.headers["prefer"] ?? "")?.[1]
  return asked === undefined ? waitSecondsDefault : Math.min(Number(asked), waitSecondsMost)
})

/** Strong: it moves with whatever a client can see. */
const etag = (order: Order) => `"${order.version}"`

export const ordersHandlers = HttpApiBuilder.group(
  Api,
  "orders",
  Effect.fn(function* (handlers) {
    const orders = yield* Orders
    const cursors = yield* Cursors
    return handlers.handleAll({
      place: Effect.fnUntraced(function* ({ payload }) {
        const { userId } = yield* CurrentPrincipal
        const key = yield* idempotencyKey
        const placed = yield* orders.place(userId, key, payload)
        const wait = yield* preferredWait
        const order = yield* Effect.flatMap(orders.follow(userId, placed.orderId, wait * 1000), outcomeOf)
        const stands = isStanding(order.status) || order.status === "cancelled"
        return yield* respond(Order, order, {
          status: stands ? 201 : 202,
          headers: {
            location: `/v1/orders/${order.id}`,
            etag: etag(order),
            ...keyedHeaders(placed),
            ...(stands ? {} : { "retry-after": "1" })
          }
        })
      }),
      get: Effect.fnUntraced(function* ({ params, query }) {
        const { userId } = yield* CurrentPrincipal
        const order = yield* orders.follow(userId, params.id, (query.wait ?? 0) * 1000)
        return yield* respond(Order, order, { status: 200, headers: { etag: etag(order) } })
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        const { userId } = yield* CurrentPrincipal
        const { limit, after } = yield* cursors.read("orders", query)
        const page = yield* orders.list(userId, {
          limit,
          after: Option.map(after, (last) => ({ ...last, id: OrderId.make(last.id) }))
        })
        return { data: page.orders, ...nextCursor(cursors, "orders", Option.getOrUndefined(page.next)) }
      }),
      timeline: Effect.fnUntraced(function* ({ params }) {
        const { userId } = yield* CurrentPrincipal
        return { data: yield* orders.timeline(userId, params.id) }
      })
    })
  })
).pipe(Layer.provide(Authorization.layer))
