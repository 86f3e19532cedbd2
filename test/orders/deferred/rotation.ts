/** Writes under a key whose secret is replaced between the first request and its repeat; on maps, and on real PostgreSQL. */
import { assert, layer } from "@effect/vitest"
import { Effect, type Layer, Option } from "effect"
import { Catalog } from "../../../src/catalog/Catalog.ts"
import { Sku } from "../../../src/catalog/Product.ts"
import { Appliers } from "../../../src/jobs/spool/Deferred.ts"
import { DeferredWrites } from "../../../src/jobs/spool/DeferredWrites.ts"
import { makeHandover } from "../../../src/jobs/spool/handover.ts"
import { DeferredOrders } from "../../../src/orders/deferred/DeferredOrders.ts"
import type { Cart } from "../../../src/orders/Order.ts"
import { Orders } from "../../../src/orders/Orders.ts"
import { DeferredSignUps } from "../../../src/users/DeferredSignUps.ts"
import { Email } from "../../../src/users/Email.ts"
import { type Principal, Sessions } from "../../../src/users/Sessions.ts"
import { Users } from "../../../src/users/Users.ts"
import { afterRotation, goes, known, password } from "./shop.ts"

type Needs =
  | Effect.Services<typeof visitor>
  | Effect.Services<typeof known>
  | Appliers
  | DeferredOrders
  | DeferredSignUps
  | DeferredWrites
  | Orders
  | Layer.Services<typeof afterRotation>

let made = 0

const visitor = Effect.gen(function* () {
  made += 1
  const email = Email.make(`rotated.${made}@example.com`)
  yield* (yield* Users).signUp({ email, password, name: "A Buyer" })
  const { token } = yield* (yield* Sessions).logIn({ email, password })
  const principal = yield* (yield* Sessions).authenticate(token)
  const sku = Sku.make(`ROTATED-${made}`)
  const goods = { sku, name: "Goods", description: "", price: { amount: 500, currency: "CHF" }, received: 10 }
  yield* (yield* Catalog).importProducts([goods])
  const cart: Cart = { lines: [{ sku, quantity: 2 }], paymentMethod: "pm_card_visa" }
  return { principal, cart, key: `rotated-key-${made}` }
})

const place = (principal: Principal, key: string, cart: Cart) =>
  Effect.flatMap(DeferredOrders, (orders) => orders.place(principal, key, cart))
const placed = Effect.fnUntraced(function* (principal: Principal, key: string, cart: Cart) {
  const answer = yield* place(principal, key, cart)
  return "orderId" in answer ? answer : yield* Effect.die("it was kept")
})
const kept = <A extends object, E, R>(asked: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* known
    yield* goes("down")
    const answer = yield* Effect.ensuring(asked, goes("up"))
    return "deferred" in answer ? (answer as Extract<A, { readonly deferred: unknown }>) : yield* Effect.die("not kept")
  })
const handOver = Effect.flatten(makeHandover)
const decided = Effect.fnUntraced(function* (id: string) {
  const [writes, appliers] = [yield* DeferredWrites, yield* Appliers]
  yield* writes.decide(id, (entry) => appliers[entry.kind](entry))
  const found = Option.getOrUndefined(yield* writes.find(id))
  return found?.outcome?._tag === "Applied" ? found.outcome.resource : found?.outcome
})
const ordersOf = ({ userId }: Principal) =>
  Effect.flatMap(Orders, (orders) =>
    Effect.map(orders.list(userId, { limit: 9, after: Option.none() }), (page) => page.orders)
  )

export const rotationContract = <E>(name: string, shop: Layer.Layer<Needs, E>) => {
  layer(shop)(`a key that outlives its secret, ${name}`, (it) => {
    it.effect("stands for the order that it has made", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const first = yield* placed(principal, key, cart)
        yield* Effect.gen(function* () {
          const again = yield* placed(principal, key, cart)
          assert.deepStrictEqual([again.orderId, again.replayed], [first.orderId, true])
          const other: Cart = { ...cart, paymentMethod: "pm_card_mastercard" }
          assert.strictEqual((yield* Effect.flip(place(principal, key, other)))._tag, "IdempotencyKeyReused")
        }).pipe(Effect.provide(afterRotation))
      })
    )

    it.effect("stands for the order that waits in this node's spool, under the id that was given out", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const first = yield* kept(place(principal, key, cart))
        yield* Effect.gen(function* () {
          const again = yield* kept(place(principal, key, cart))
          assert.deepStrictEqual([again.deferred.id, again.replayed], [first.deferred.id, true])
          yield* handOver
          const resource = yield* decided(first.deferred.id)
          const direct = yield* placed(principal, key, cart)
          assert.deepStrictEqual([resource, direct.replayed], [`/v1/orders/${direct.orderId}`, true])
        }).pipe(Effect.provide(afterRotation))
        assert.strictEqual((yield* ordersOf(principal)).length, 1)
      })
    )

    it.effect("is one order, and both ids answer, when the repeat was taken where the first is not known", () =>
      Effect.gen(function* () {
        const { cart, key, principal } = yield* visitor
        const first = yield* kept(place(principal, key, cart))
        yield* handOver
        yield* Effect.gen(function* () {
          const again = yield* kept(place(principal, key, cart))
          assert.notStrictEqual(again.deferred.id, first.deferred.id)
          yield* handOver
          const resources = [yield* decided(again.deferred.id), yield* decided(first.deferred.id)]
          const [order, ...others] = yield* ordersOf(principal)
          const path = `/v1/orders/${order?.id}`
          assert.deepStrictEqual([resources, others], [[path, path], []])
        }).pipe(Effect.provide(afterRotation))
      })
    )

    it.effect("stands for the account that it has made, or will make", () =>
      Effect.gen(function* () {
        const signUp = (email: string, key: string) =>
          Effect.flatMap(DeferredSignUps, (signUps) =>
            signUps.signUp({ email: Email.make(email), password, name: "A Person" }, key)
          )
        const direct = yield* signUp("rotated.direct@example.com", "rotated-direct")
        const early = yield* kept(signUp("rotated.early@example.com", "rotated-early"))
        const late = yield* kept(signUp("rotated.late@example.com", "rotated-late"))
        yield* Effect.gen(function* () {
          const again = yield* signUp("rotated.direct@example.com", "rotated-direct")
          assert.isTrue("user" in again && "user" in direct && again.replayed && again.user.id === direct.user.id)
          const same = yield* kept(signUp("rotated.early@example.com", "rotated-early"))
          assert.deepStrictEqual([same.deferred.id, same.replayed], [early.deferred.id, true])
          yield* handOver
          const elsewhere = yield* kept(signUp("rotated.late@example.com", "rotated-late"))
          yield* handOver
          const resource = yield* decided(elsewhere.deferred.id)
          assert.match(String(resource), /^\/v1\/users\/usr_/)
          assert.strictEqual(yield* decided(late.deferred.id), resource)
        }).pipe(Effect.provide(afterRotation))
      })
    )
  })
}
