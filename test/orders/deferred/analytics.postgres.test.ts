/** Analytics hears of what a deferred write made when that is committed, and of nothing that was rolled back. */
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { Catalog } from "../../../src/catalog/Catalog.ts"
import { Sku } from "../../../src/catalog/Product.ts"
import { AnalyticsMemory, Tracked } from "../../../src/dependencies/analytics/AnalyticsMemory.ts"

import { Appliers, type Apply, type Kept } from "../../../src/jobs/spool/Deferred.ts"
import { DeferredWrites } from "../../../src/jobs/spool/DeferredWrites.ts"
import { makeHandover } from "../../../src/jobs/spool/handover.ts"
import { DeferredOrders } from "../../../src/orders/deferred/DeferredOrders.ts"
import { DeferredSignUps } from "../../../src/users/DeferredSignUps.ts"
import { Email } from "../../../src/users/Email.ts"
import { Sessions } from "../../../src/users/Sessions.ts"
import { Users } from "../../../src/users/Users.ts"
import { deferringInPostgres, goes, known, password } from "./shop.ts"

const kept = (taken: Kept | object) => ("deferred" in taken ? Effect.succeed(taken.deferred) : Effect.die("not kept"))
const told = Effect.map(Tracked, (tracked) => tracked.splice(0).map(({ name }) => name))

/** Applied by a transaction that dies at its end, and then by one that does not. */
const rolledBackThenApplied = Effect.fnUntraced(function* (id: string) {
  const [writes, appliers] = [yield* DeferredWrites, yield* Appliers]
  const apply: Apply = (entry) => appliers[entry.kind](entry)
  yield* Effect.flatten(makeHandover)
  yield* told
  const dies = writes.decide(id, (entry) => Effect.andThen(apply(entry), Effect.die(new Error("at the end"))))
  assert.isTrue(Exit.isFailure(yield* Effect.exit(dies)))
  const before = yield* told
  yield* writes.decide(id, apply)
  return [before, yield* told]
})

layer(Layer.provideMerge(deferringInPostgres, AnalyticsMemory.layer))("analytics of deferred writes", (it) => {
  it.effect("an order that was rolled back is not told, one that is there is told once", () =>
    Effect.gen(function* () {
      const email = Email.make("counted.buyer@example.com")
      yield* (yield* Users).signUp({ email, password, name: "A Buyer" })
      const { token } = yield* (yield* Sessions).logIn({ email, password })
      const principal = yield* (yield* Sessions).authenticate(token)
      const sku = Sku.make("COUNTED")
      const goods = { sku, name: "Goods", description: "", price: { amount: 500, currency: "CHF" }, received: 9 }
      yield* (yield* Catalog).importProducts([goods])
      yield* known
      yield* goes("down")
      const cart = { lines: [{ sku, quantity: 1 }], paymentMethod: "pm_card_visa" }
      const { id } = yield* kept(yield* (yield* DeferredOrders).place(principal, "a-counted-order", cart))
      yield* goes("up")
      assert.deepStrictEqual(yield* rolledBackThenApplied(id), [[], ["order_placed"]])
    })
  )

  it.effect("an account that was rolled back is not told, one that is there is told once", () =>
    Effect.gen(function* () {
      yield* goes("down")
      const who = { email: Email.make("counted@example.com"), password, name: "A Person" }
      const { id } = yield* kept(yield* (yield* DeferredSignUps).signUp(who, undefined))
      yield* goes("up")
      assert.deepStrictEqual(yield* rolledBackThenApplied(id), [[], ["user_signed_up"]])
    })
  )
})
