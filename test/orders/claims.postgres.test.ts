/** A key that another request is claiming at this moment, on real PostgreSQL: for an order, or for a refusal. */
import { assert, layer } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { Sku } from "../../src/catalog/Product.ts"
import { Database } from "../../src/database/Database.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { AtCrashPoint } from "../../src/jobs/crashPoints.ts"
import { type KeptKey, WhenRefused } from "../../src/orders/keptKey.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { buying } from "./buying.ts"
import { shopInPostgres } from "./shops.ts"

const { order } = buying("claims")

layer(shopInPostgres(PaymentsMemory.layer), { excludeTestServices: true })("a key that is being claimed", (it) => {
  it.effect("is waited for, two seconds, and then said to be in flight; nothing was done", () =>
    Effect.gen(function* () {
      const [database, orders, before] = [yield* Database, yield* Orders, yield* order(1)]
      const [claimed, done] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const first = database.transaction("test.claim", (sql) =>
        sql`insert into idempotency_keys (account, route, key, fingerprint, refusal, expires_at)
          values (${before.userId}, 'POST /v1/orders', 'being-claimed', '', '{}', now() + interval '1 day')`.pipe(
          Effect.andThen(Deferred.succeed(claimed, undefined)),
          Effect.andThen(Deferred.await(done)),
          Effect.andThen(Effect.fail("rolled back"))
        )
      )
      const holding = yield* Effect.forkChild(Effect.exit(first))
      yield* Deferred.await(claimed)
      const cart = { lines: [{ sku: Sku.make(before.sku), quantity: 1 }], paymentMethod: "pm_card_visa" }
      const place = orders.place(before.userId, "being-claimed", cart)
      const began = yield* Clock.currentTimeMillis
      assert.strictEqual((yield* Effect.flip(place))._tag, "IdempotencyInFlight")
      assert.isAtLeast((yield* Clock.currentTimeMillis) - began, 1_900)
      yield* Deferred.succeed(done, undefined)
      yield* Fiber.join(holding)
      assert.isFalse((yield* place).replayed)
    })
  )

  it.effect("for a refusal is refused the same to whoever comes second, who is told that it is a repeat", () =>
    Effect.gen(function* () {
      const [orders, catalog, { sku, userId }] = [yield* Orders, yield* Catalog, yield* order(1)]
      const costs = (amount: number) => {
        const product = { sku, name: "Goods", description: "", price: { amount, currency: "CHF" }, received: 0 }
        return catalog.importProducts([product])
      }
      const cart = { lines: [{ sku, quantity: 1 }], paymentMethod: "pm_card_visa", expectedTotal: 1 }
      const told: Array<KeptKey> = []
      const refused = Effect.flip(orders.place(userId, "refused-at-once", cart)).pipe(
        Effect.provideService(WhenRefused, (key) => void told.push(key))
      )
      const [decided, stored] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      yield* costs(600)
      const second = yield* refused.pipe(
        Effect.provideService(AtCrashPoint, (point) =>
          point === "orders.refuse.before"
            ? Effect.andThen(Deferred.succeed(decided, undefined), Deferred.await(stored))
            : Effect.void
        ),
        Effect.forkChild
      )
      yield* Deferred.await(decided)
      yield* costs(700)
      const first = yield* refused
      assert.deepInclude(first, { _tag: "PriceChanged", total: 700 })
      yield* Deferred.succeed(stored, undefined)
      assert.deepStrictEqual(yield* Fiber.join(second), first)
      assert.deepStrictEqual(
        told.map(({ replayed }) => replayed),
        [false, true]
      )
      assert.deepStrictEqual(told[0]?.keyExpiresAt, told[1]?.keyExpiresAt)
    })
  )
})
