/**
 * The customers of a scenario: they sign up, log in, order, look at the catalogue, at stock, at their orders and at what
 * was taken for later; and probes of the process. At rates that do not depend on how fast the shop answers. Who gets no
 * answer to an order or a sign-up, or none that is definite, sends the same request again under its key, later and later.
 *
 * Two nodes are behind a proxy, which repeats nothing; who hears nothing from it, or 503, asks once more.
 */
import { Clock, Effect, Random, Schedule } from "effect"
import { type Customer, request } from "../main/client.ts"
import { atRate } from "./atRate.ts"
import { type Answer, asking, type Body, isDefinite, isGood, type Log, nobody } from "./customerLog.ts"
import { isDeferredId } from "./deferred.ts"
import type { World } from "./World.ts"

export const kindsOfRequests = [
  "order",
  "sign up",
  "log in",
  "catalogue",
  "stock",
  "own order",
  "deferred",
  "live",
  "ready"
] as const
export type What = (typeof kindsOfRequests)[number]
/** Not a customer's. */
export const probes: ReadonlySet<What> = new Set<What>(["live", "ready"])

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
  /** Orders. */
  readonly log: Log
  readonly signUps: Log
  readonly seen: Array<Seen>
  /** Orders that were answered well; they are looked at later. */
  readonly placed: Array<{ readonly who: Customer; readonly id: string }>
  /** What was taken for later. */
  readonly deferred: Array<{ readonly who: Customer | undefined; readonly id: string }>
  /** How many customers have no definite answer yet and mean to get one. */
  waiting: number
}

/** A proxy has looked by then whether its nodes are still there. */
const asksAgainAfter = "150 millis"
/** In flight at once; a customer who finds so many waiting goes away, and counts as nobody answering. */
const mostInFlight = 400
/** The share of orders with a card that is declined. */
const declined = 0.1
/** The share of customers that never come back for an answer that they did not get. */
const gone = 0.25
const comesBack = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("4 seconds")]).pipe(
  Schedule.jittered
)
/** Hashing a password takes much of a core: an eighth of one is theirs. */
const accountsPerSecond = 1
const probesPerSecond = 2

const sku = "GIFT-CARD-SLEEVE"
const cart = (payment_method: string) => JSON.stringify({ lines: [{ sku, quantity: 1 }], payment_method })
const json = { "content-type": "application/json" }

export const newTraffic = (): Traffic => ({
  log: new Map(),
  signUps: new Map(),
  seen: [],
  placed: [],
  deferred: [],
  waiting: 0
})

/** Customers of one load are told from those of another by `name`. */
export const makeLoad = (world: World, traffic: Traffic, name: string) => {
  let [inFlight, number] = [0, 0]

  /** The proxy's own word, that it could not reach a node, is nobody's answer. */
  const asked = (path: string, init?: RequestInit) =>
    Effect.map(request<Body>(`${world.url}${path}`, init), (answer) => (answer?.status === 502 ? undefined : answer))
  /** The second answer speaks of the second request alone: of the first nobody may have said that nothing was done. */
  const ask = (path: string, init?: RequestInit) =>
    Effect.flatMap(asked(path, init), (first) => {
      if (!world.asksAgain || (first !== undefined && first.status !== 503)) return Effect.succeed(first)
      return Effect.map(Effect.delay(asked(path, init), asksAgainAfter), (answer) =>
        answer === undefined || first?.body.side_effects === "none"
          ? answer
          : { ...answer, body: { ...answer.body, side_effects: "unknown" } }
      )
    })
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

  /** Sends it under its key until something definite comes back, if its customer is patient, and calls `told` for each good answer. */
  const insist = Effect.fnUntraced(function* (
    wish: { readonly what: What; readonly path: string; readonly log: Log; readonly account: string },
    init: RequestInit & { readonly headers: { readonly "idempotency-key": string } },
    told: (id: string) => void
  ) {
    const patient = (yield* Random.next) >= gone
    const heard = Effect.fnUntraced(function* (asked: Effect.Effect<Answer>) {
      const entry = asking(wish.log, wish.account, init.headers["idempotency-key"])
      const { body, status } = yield* asked
      if (status === 0) return nobody
      const answer = { status, body }
      entry.answers.push(answer)
      if (isGood(answer) && body.id !== undefined) told(body.id)
      return answer
    })
    traffic.waiting += 1
    const first = yield* heard(seeing(wish.what, wish.path, init))
    if (!isDefinite(first) && patient) {
      const again = Effect.map(ask(wish.path, init), (answer): Answer => answer ?? nobody)
      yield* Effect.repeat(heard(again), { until: isDefinite, schedule: comesBack })
    }
    traffic.waiting -= 1
  })

  const customerAtRandom = Effect.map(
    Random.nextIntBetween(0, world.customers.length),
    (index) => world.customers[index % world.customers.length] as Customer
  )
  const order = Effect.gen(function* () {
    const who = yield* customerAtRandom
    const card = (yield* Random.next) < declined ? "pm_card_chargeDeclined" : "pm_card_visa"
    const key = `${name}-order-${++number}`
    const headers = { ...json, authorization: who.authorization, "idempotency-key": key, prefer: "wait=0" }
    yield* insist(
      { what: "order", path: "/v1/orders", log: traffic.log, account: who.userId },
      { method: "POST", headers, body: cart(card) },
      // What was taken for later is not an order yet.
      (id) => void (isDeferredId(id) ? traffic.deferred : traffic.placed).push({ who, id })
    )
  })
  const signUp = Effect.gen(function* () {
    const key = `${name}-sign-up-${++number}`
    const email = `${key}@example.com`
    yield* insist(
      { what: "sign up", path: "/v1/users", log: traffic.signUps, account: "" },
      {
        method: "POST",
        headers: { ...json, "idempotency-key": key },
        body: JSON.stringify({ email, password: `a password of ${key}`, name: "Grace Hopper" })
      },
      (id) => void (isDeferredId(id) && traffic.deferred.push({ who: undefined, id }))
    )
  })
  const logIn = Effect.flatMap(customerAtRandom, ({ account }) =>
    seeing("log in", "/v1/sessions", { method: "POST", headers: json, body: JSON.stringify(account) })
  )
  /** One of the last twenty. */
  const oneOf = <A>(all: ReadonlyArray<A>) =>
    Effect.map(Random.nextIntBetween(0, 20), (back) => all.at(-1 - (back % Math.max(1, all.length))))
  const own = Effect.gen(function* () {
    const placed = yield* oneOf(traffic.placed)
    if (placed === undefined) return
    yield* seeing("own order", `/v1/orders/${placed.id}`, { headers: { authorization: placed.who.authorization } })
  })
  const deferred = Effect.gen(function* () {
    const taken = yield* oneOf(traffic.deferred)
    if (taken === undefined) return
    const headers: Record<string, string> = taken.who === undefined ? {} : { authorization: taken.who.authorization }
    yield* seeing("deferred", `/v1/deferred/${taken.id}`, { headers })
  })

  /** Until it is interrupted. What was sent is answered, and sent again, for as long as the scope is open. */
  return (ordersPerSecond: number) => {
    const looksPerSecond = Math.max(2, ordersPerSecond / 2)
    return Effect.all(
      [
        atRate(ordersPerSecond, order),
        atRate(accountsPerSecond, signUp),
        atRate(accountsPerSecond, logIn),
        atRate(looksPerSecond, seeing("catalogue", "/v1/products?limit=20")),
        atRate(looksPerSecond, seeing("stock", `/v1/products/${world.productId}/stock`)),
        atRate(looksPerSecond, own),
        atRate(looksPerSecond, deferred),
        atRate(probesPerSecond, seeing("live", "/livez")),
        atRate(probesPerSecond, seeing("ready", "/readyz"))
      ],
      { concurrency: "unbounded", discard: true }
    )
  }
}
