/** A key that another request is claiming at this moment, on real PostgreSQL. */
import { assert, layer } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber } from "effect"
import { Sku } from "../../src/catalog/Product.ts"
import { Database } from "../../src/database/Database.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
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
})
