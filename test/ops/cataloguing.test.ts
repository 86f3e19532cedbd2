/** What operators do to the catalogue while others do something to it, too. */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { Database } from "../../src/database/Database.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { cataloguing } from "../../src/ops/cataloguing.ts"
import { buying } from "../orders/buying.ts"
import { shopInPostgres } from "../orders/shops.ts"

const { available, goods } = buying("cataloguing")
const by = { actor: "ada", reason: "spring" }

/** Until a connection of this database waits for a lock of another. */
const somebodyWaits = Effect.flatMap(Database, (database) =>
  Effect.repeat(
    database.query(
      "test.waiting",
      (sql) => sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    ),
    { until: (waiting) => waiting.length > 0 }
  )
)

layer(shopInPostgres(PaymentsMemory.layer), { excludeTestServices: true })("operators at the catalogue", (it) => {
  it.effect("set a price while a delivery is being written, and take nothing of it back", () =>
    Effect.gen(function* () {
      const { price, stock } = yield* cataloguing
      const sku = yield* goods(3, 500)
      const [written, over] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const delivery = (yield* Database).transaction("test.delivery", () =>
        Effect.gen(function* () {
          yield* stock(sku, 10, by)
          yield* Deferred.succeed(written, undefined)
          yield* Deferred.await(over)
        })
      )
      const delivering = yield* Effect.forkScoped(delivery)
      yield* Deferred.await(written)
      const pricing = yield* Effect.forkScoped(price(sku, { amount: 700, currency: "CHF" }, by))
      yield* somebodyWaits
      yield* Deferred.succeed(over, undefined)
      yield* Fiber.join(delivering)
      assert.deepStrictEqual(yield* Fiber.join(pricing), { added: 0, changed: 1 })
      assert.strictEqual(yield* available(sku), 10)
    })
  )

  it.effect("are told what has been received, and what had been", () =>
    Effect.gen(function* () {
      const { stock } = yield* cataloguing
      const sku = yield* goods(3, 500)
      assert.deepStrictEqual(yield* stock(sku, 10, by), { sku, received: 10, receivedBefore: 3 })
      assert.deepStrictEqual(yield* stock(sku, 10, by), { sku, received: 10, receivedBefore: 10 })
    })
  )
})
