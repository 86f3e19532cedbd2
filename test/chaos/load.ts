/**
 * The customers of a scenario: orders, looks at the catalogue and at their own orders, and a probe of the process, at
 * rates that do not depend on how fast the shop answers. Who gets no answer, or none that is definite, sends the same
 * request again under its key, later and later.
 *
 * Two nodes take turns; when one gives no answer at all, the other one is asked, as a proxy before them would.
 */
import { Clock, Effect, Random, Schedule } from "effect"
import { type Customer, request } from "../main/client.ts"
import { asking, type Body, isDefinite, isGood, type Log, nobody } from "./customerLog.ts"
import { isDeferredId } from "./deferred.ts"
import type { World } from "./World.ts"

export type What = "order" | "catalogue" | "own order" | "live"

/** The first answer to a request; what its customer did about it later is not in here. */
export interface Seen {
  readonly what: What
  /** When it was sent, milliseconds. */
  readonly at: number
  readonly millis: number
  /** 0 when nobody answered. */
  readonly status: number
  readonly retryAfter: boolean
  /** A problem's; empty otherwise. */
  readonly code: string
}

export interface Traffic {
  readonly log: Log
  readonly seen: Array<Seen>
  /** Orders that were answered well; they are looked at later. */
  readonly placed: Array<{ readonly who: Customer; readonly id: string }>
}

/** In flight at once; a customer who finds so many waiting goes away, and counts as nobody answering. */
const mostInFlight = 400
/** The share of orders with a card that is declined. */
const declined = 0.1
/** The share of customers that never come back for an answer that they did not get. */
const gone = 0.25
const comesBack = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("4 seconds")]).pipe(
  Schedule.jittered
)

const cart = (payment_method: string) =>
  JSON.stringify({ lines: [{ sku: "GIFT-CARD-SLEEVE", quantity: 1 }], payment_method })

export const newTraffic = (): Traffic => ({ log: new Map(), seen: [], placed: [] })

export const makeLoad = (world: World, traffic: Traffic) => {
  let [turn, inFlight, number] = [0, 0, 0]

  const ask = (path: string, init?: RequestInit) => {
    const urls = world.nodes.map((_, index) => world.nodes[(turn + index) % world.nodes.length]?.url ?? "")
    turn += 1
    const [first = "", ...others] = urls.map((url) => request<Body>(`${url}${path}`, init))
    return others.reduce(
      (asked, other) => Effect.flatMap(asked, (answer) => (answer === undefined ? other : Effect.succeed(answer))),
      first as ReturnType<typeof request<Body>>
    )
  }
  /** Sends it now, and writes down how it was answered. */
  const seeing = (what: What, path: string, init?: RequestInit) =>
    Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      const crowded = inFlight >= mostInFlight
      inFlight += 1
      const answer = crowded ? undefined : yield* ask(path, init)
      inFlight -= 1
      const millis = (yield* Clock.currentTimeMillis) - at
      const retryAfter = answer?.headers.has("retry-after") ?? false
      traffic.seen.push({ what, at, millis, status: answer?.status ?? 0, retryAfter, code: answer?.body.code ?? "" })
      return answer ?? nobody
    })

  const customerAtRandom = Effect.map(
    Random.nextIntBetween(0, world.customers.length),
    (index) => world.customers[index % world.customers.length] as Customer
  )
  const order = Effect.gen(function* () {
    const who = yield* customerAtRandom
    const card = (yield* Random.next) < declined ? "pm_card_chargeDeclined" : "pm_card_visa"
    const patient = (yield* Random.next) >= gone
    number += 1
    const key = `chaos-order-${number}`
    const init = {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: who.authorization,
        "idempotency-key": key,
        prefer: "wait=0"
      },
      body: cart(card)
    }
    const told = Effect.fnUntraced(function* (asked: Effect.Effect<{ readonly status: number; readonly body: Body }>) {
      const entry = asking(traffic.log, who.userId, key)
      const answer = yield* asked
      if (answer.status === 0) return nobody
      entry.answers.push({ status: answer.status, body: answer.body })
      const { id } = answer.body
      // What was taken for later is not an order yet.
      if (isGood(answer) && id !== undefined && !isDeferredId(id)) traffic.placed.push({ who, id })
      return answer
    })
    const first = yield* told(seeing("order", "/v1/orders", init))
    if (isDefinite(first) || !patient) return
    const again = Effect.map(ask("/v1/orders", init), (answer) => answer ?? nobody)
    yield* Effect.repeat(told(again), { until: isDefinite, schedule: comesBack })
  })

  const own = Effect.gen(function* () {
    const placed = traffic.placed.at(-1 - (yield* Random.nextIntBetween(0, 20)))
    if (placed === undefined) return
    yield* seeing("own order", `/v1/orders/${placed.id}`, { headers: { authorization: placed.who.authorization } })
  })

  const every = (perSecond: number, one: Effect.Effect<unknown>) =>
    Effect.repeat(Effect.forkScoped(one), Schedule.fixed(1000 / perSecond))

  /** Until it is interrupted. What was sent is answered, and sent again, for as long as the scope is open. */
  return (ordersPerSecond: number) =>
    Effect.all(
      [
        every(ordersPerSecond, order),
        every(Math.max(2, ordersPerSecond / 2), seeing("catalogue", "/v1/products?limit=20")),
        every(Math.max(2, ordersPerSecond / 2), own),
        every(2, seeing("live", "/livez"))
      ],
      { concurrency: "unbounded", discard: true }
    )
}
