/** What becomes of orders that are taken while the database is down: on maps, and on real PostgreSQL alike. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Duration, Effect, type Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Catalog } from "../../../src/catalog/Catalog.ts"
import { Sku } from "../../../src/catalog/Product.ts"
import { Appliers } from "../../../src/jobs/spool/Deferred.ts"
import { DeferredWrites } from "../../../src/jobs/spool/DeferredWrites.ts"
import { makeHandover } from "../../../src/jobs/spool/handover.ts"
import { Spool } from "../../../src/jobs/spool/Spool.ts"
import { DeferredOrders } from "../../../src/orders/deferred/DeferredOrders.ts"
import type { Cart } from "../../../src/orders/Order.ts"
import { checkout, Orders } from "../../../src/orders/Orders.ts"
import { KillSwitches } from "../../../src/resilience/index.ts"
import { Email } from "../../../src/users/Email.ts"
import { type Principal, Sessions } from "../../../src/users/Sessions.ts"
import { Users } from "../../../src/users/Users.ts"
import { away, Fate, goes, known, password } from "./shop.ts"

type Needs =
  | Effect.Services<typeof visitor>
  | Effect.Services<typeof known>
  | Appliers
  | DeferredOrders
  | DeferredWrites
  | KillSwitches
  | Orders
  | Spool

let made = 0

/** Somebody logged in, and something new to buy, which the shop knows. */
const visitor = Effect.gen(function* () {
  made += 1
  const email = Email.make(`buyer.${made}@example.com`)
  yield* (yield* Users).signUp({ email, password, name: "A Buyer" })
  const { token } = yield* (yield* Sessions).logIn({ email, password })
  const principal = yield* (yield* Sessions).authenticate(token)
  const sku = Sku.make(`DEFER-${made}`)
  const costs = (amount: number) =>
    Effect.flatMap(Catalog, (catalog) =>
      catalog.importProducts([
        { sku, name: "Goods", description: "", price: { amount, currency: "CHF" }, received: 10 }
      ])
    )
  yield* costs(500)
  const cart: Cart = { lines: [{ sku, quantity: 2 }], paymentMethod: "pm_card_visa" }
  return { principal, cart, key: `key-of-buyer-${made}`, costs }
})

const place = (principal: Principal, key: string, cart: Cart) =>
  Effect.flatMap(DeferredOrders, (orders) => orders.place(principal, key, cart))
/** Handed in while the database is down. */
const keep = Effect.fnUntraced(function* (principal: Principal, key: string, cart: Cart) {
  yield* known
  yield* goes("down")
  const kept = yield* place(principal, key, cart)
  yield* goes("up")
  return "deferred" in kept ? kept : yield* Effect.die("it was placed")
})
const handOver = Effect.flatten(makeHandover)
const decide = (id: string) =>
  Effect.gen(function* () {
    const [writes, appliers] = [yield* DeferredWrites, yield* Appliers]
    return yield* writes.decide(id, (entry) => appliers[entry.kind](entry))
  })
/** Handed over and decided. */
const settle = Effect.fnUntraced(function* (id: string) {
  yield* handOver
  yield* decide(id)
  const found = yield* (yield* DeferredWrites).find(id)
  return Option.getOrUndefined(found)?.outcome
})
const ordersOf = ({ userId }: Principal) =>
  Effect.flatMap(Orders, (orders) =>
    Effect.map(orders.list(userId, { limit: 9, after: Option.none() }), (page) => page.orders)
  )
const depth = Effect.flatMap(Spool, (spool) => Effect.map(spool.snapshot, (snapshot) => snapshot.depth))

export const deferredOrdersContract = <E>(name: string, shop: Layer.Layer<Needs, E>) => {
  layer(shop)(`an order while the database is down, ${name}`, (it) => {
    it.effect("is kept with what it would cost, once a key, and is an order when the database is back", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const { deferred, replayed } = yield* keep(principal, key, cart)
        assert.deepInclude(deferred, { kind: "order", account: principal.userId, outcome: undefined })
        assert.deepStrictEqual(deferred.quotedTotal, { amount: 1_000, currency: "CHF" })
        assert.deepStrictEqual(DateTime.distance(deferred.acceptedAt, deferred.acceptUntil), Duration.hours(1))
        const again = yield* keep(principal, key, cart)
        assert.deepStrictEqual([replayed, again.replayed, again.deferred.id], [false, true, deferred.id])
        assert.strictEqual(yield* depth, 1)

        const outcome = yield* settle(deferred.id)
        assert.strictEqual(yield* depth, 0)
        const [order, ...others] = yield* ordersOf(principal)
        assert.deepStrictEqual([outcome, others], [{ _tag: "Applied", resource: `/v1/orders/${order?.id}` }, []])
        assert.strictEqual(order?.total, 1_000)
      })
    )

    it.effect("and its direct twin are one order, whichever comes first", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const first = yield* keep(principal, key, cart)
        yield* settle(first.deferred.id)
        const direct = yield* place(principal, key, cart)
        assert.isTrue("orderId" in direct && direct.replayed)

        const kept = yield* keep(principal, `${key}-2`, cart)
        const before = yield* place(principal, `${key}-2`, cart)
        assert.isTrue("orderId" in before && !before.replayed)
        const outcome = yield* settle(kept.deferred.id)
        assert.deepStrictEqual(outcome, {
          _tag: "Applied",
          resource: `/v1/orders/${"orderId" in before ? before.orderId : ""}`
        })
        assert.strictEqual((yield* ordersOf(principal)).length, 2)
      })
    )

    it.effect("of which nobody knows whether it was committed is kept, and is the one that was", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        yield* known
        yield* goes("unheard")
        const kept = yield* place(principal, key, cart)
        yield* goes("up")
        assert.isTrue("deferred" in kept)
        const [order, ...others] = yield* ordersOf(principal)
        const outcome = yield* settle("deferred" in kept ? kept.deferred.id : "")
        assert.deepStrictEqual([outcome, others], [{ _tag: "Applied", resource: `/v1/orders/${order?.id}` }, []])
        assert.strictEqual((yield* ordersOf(principal)).length, 1)
      })
    )

    it.effect("is decided once, however often it is handed over", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const { deferred } = yield* keep(principal, key, cart)
        const entry = Option.getOrThrow(yield* (yield* Spool).find(deferred.id))
        yield* settle(deferred.id)
        const writes = yield* DeferredWrites
        yield* writes.take(entry)
        assert.deepStrictEqual(yield* decide(deferred.id), Option.none())
        assert.deepStrictEqual(yield* decide("dfr_unknown"), Option.none())
        assert.strictEqual((yield* ordersOf(principal)).length, 1)
      })
    )

    it.effect("that would cost something else fails, and so does its key", () =>
      Effect.gen(function* () {
        const { cart, costs, key, principal } = yield* visitor
        const { deferred } = yield* keep(principal, key, cart)
        yield* costs(450)
        const outcome = yield* settle(deferred.id)
        const changed = { _tag: "PriceChanged", expected: 1_000, total: 900, currency: "CHF" } as const
        assert.deepStrictEqual(outcome, { _tag: "Failed", problem: changed })
        assert.deepInclude(yield* Effect.flip(place(principal, key, cart)), changed)
        assert.deepStrictEqual(yield* ordersOf(principal), [])
      })
    )

    it.effect("that waited longer than an hour is dropped, and its key can be used again", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const { deferred } = yield* keep(principal, key, cart)
        yield* TestClock.adjust("61 minutes")
        assert.deepStrictEqual(yield* settle(deferred.id), { _tag: "Failed", problem: { _tag: "DeferredExpired" } })
        assert.deepStrictEqual(yield* ordersOf(principal), [])
        // A new outage, and a customer who tries again.
        const again = yield* keep(principal, key, cart)
        assert.deepStrictEqual([again.deferred.id, again.replayed], [deferred.id, false])
        const session = yield* Effect.flip((yield* Sessions).stood(principal.sessionId, again.deferred.acceptedAt))
        assert.strictEqual(session._tag, "Unauthenticated")
        assert.deepInclude(yield* settle(deferred.id), { _tag: "Failed" })
      })
    )

    it.effect("of a session that had ended before is refused; one that ended after is not", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const early = yield* visitor
        yield* sessions.logOut(early.principal.sessionId)
        yield* TestClock.adjust("1 second")
        const refused = yield* keep(early.principal, early.key, early.cart)
        const problem = { _tag: "Unauthenticated", reason: "session_revoked" }
        assert.deepStrictEqual(yield* settle(refused.deferred.id), { _tag: "Failed", problem })

        const late = yield* visitor
        const kept = yield* keep(late.principal, late.key, late.cart)
        yield* TestClock.adjust("1 second")
        yield* sessions.logOut(late.principal.sessionId)
        assert.deepInclude(yield* settle(kept.deferred.id), { _tag: "Applied" })
      })
    )

    it.effect("of a session that was ended everywhere is refused, whenever that was", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const { deferred } = yield* keep(principal, key, cart)
        yield* TestClock.adjust("1 second")
        yield* (yield* Sessions).logOutEverywhere(principal.userId)
        const problem = { _tag: "Unauthenticated", reason: "session_revoked" }
        assert.deepStrictEqual(yield* settle(deferred.id), { _tag: "Failed", problem })
      })
    )

    it.effect("under a used key is refused: at once by the node that knows it, when it is applied by any", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const other: Cart = { ...cart, lines: cart.lines.map((line) => ({ ...line, quantity: 3 })) }
        const first = yield* keep(principal, key, cart)
        assert.strictEqual((yield* Effect.flip(keep(principal, key, other)))._tag, "IdempotencyKeyReused")
        yield* goes("up")
        yield* settle(first.deferred.id)
        const second = yield* keep(principal, key, other)
        assert.notStrictEqual(second.deferred.id, first.deferred.id)
        const problem = { _tag: "IdempotencyKeyReused" }
        assert.deepStrictEqual(yield* settle(second.deferred.id), { _tag: "Failed", problem })
        assert.strictEqual((yield* ordersOf(principal)).length, 1)
      })
    )

    it.effect("is not kept while checkout is switched off; one that was kept before waits for it", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const { deferred } = yield* keep(principal, key, cart)
        const switches = yield* KillSwitches
        const by = { actor: "ada", reason: "stocktaking" }
        yield* switches.set(checkout, "off", by)
        assert.strictEqual((yield* Effect.flip(keep(principal, `${key}-2`, cart)))._tag, "FeatureDisabled")
        yield* goes("up")
        assert.strictEqual(yield* depth, 1)
        assert.isUndefined(yield* settle(deferred.id))
        yield* switches.clear(checkout, "off", by)
        yield* decide(deferred.id)
        assert.strictEqual((yield* ordersOf(principal)).length, 1)
      })
    )

    it.effect("that cannot be quoted is not kept, and the database is what is said to be away", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const fate = yield* Fate
        fate.known = undefined
        yield* goes("down")
        assert.strictEqual(yield* Effect.flip(place(principal, key, cart)), away)
        const stranger: Cart = { ...cart, lines: [{ sku: Sku.make("NOT-KNOWN"), quantity: 1 }] }
        assert.strictEqual((yield* Effect.flip(keep(principal, key, stranger)))._tag, "DatabaseUnavailable")
        yield* goes("up")
        const refused = yield* Effect.flip(keep(principal, key, { ...cart, expectedTotal: 1 }))
        assert.deepInclude(refused, { _tag: "PriceChanged", total: 1_000 })
        yield* goes("up")
        assert.strictEqual(yield* depth, 0)
      })
    )

    it.effect("is not kept while the database is only busy", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        yield* known
        yield* goes("busy")
        const refused = yield* Effect.flip(place(principal, key, cart))
        assert.deepInclude(refused, { _tag: "DatabaseUnavailable", reason: "pool_exhausted" })
        yield* goes("up")
        assert.strictEqual(yield* depth, 0)
      })
    )

    it.effect("of somebody who is only taken at their word is never placed directly", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        yield* known
        const trust = { by: "token", at: yield* DateTime.now, because: away } as const
        const kept = yield* place({ ...principal, trust }, key, cart)
        assert.isTrue("deferred" in kept)
        assert.deepStrictEqual(yield* ordersOf(principal), [])
        yield* settle("deferred" in kept ? kept.deferred.id : "")
      })
    )
  })
}
