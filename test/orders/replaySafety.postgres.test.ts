/** What a replay of an order's dead job would do, and whether that is safe: by what is open at the provider, and since when. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import type { DeadLetter } from "../../src/jobs/DeadLetter.ts"
import { ordersReplaySafety } from "../../src/orders/replaySafety.ts"
import { buying } from "./buying.ts"
import { shopInPostgres } from "./shops.ts"

const { order } = buying("replay-safety")
const assessed = (orderId: string) =>
  Effect.flatMap(ordersReplaySafety, (assess) => assess([{ key: orderId } as DeadLetter]))
/** The order's confirmation was sent so long ago, and nobody knows its answer. */
const openSince = (orderId: string, ago: string) =>
  Effect.flatMap(Database, (database) =>
    database.query(
      "test.open",
      (sql) => sql`
        update payment_operations set state = 'sent', resolved_at = null, answer = null,
          first_sent_at = now() - ${ago}::interval
        where order_id = ${orderId} and operation = 'confirm'`
    )
  )

layer(shopInPostgres(PaymentsMemory.layer), { excludeTestServices: true })("a replay of an order's job", (it) => {
  it.effect("is safe while nothing of it is open at the provider", () =>
    Effect.gen(function* () {
      const sold = yield* order(1)
      yield* sold.until("captured")
      const [found] = yield* assessed(sold.id)
      assert.strictEqual(found?.verdict, "safe")
      assert.include(found?.would, "next step")
    })
  )

  it.effect("is safe whatever a stock keeper elsewhere has not answered", () =>
    Effect.gen(function* () {
      const untold = yield* order(1)
      yield* untold.until("captured")
      yield* Effect.flatMap(Database, (database) =>
        database.query(
          "test.untold",
          (sql) => sql`update orders set stock_elsewhere = 'committed', stock_operation = 'commit',
            stock_sent_at = now() - interval '30 hours' where id = ${untold.id}`
        )
      )
      const [found] = yield* assessed(untold.id)
      assert.deepStrictEqual([found?.verdict, found?.would.includes("commit again")], ["safe", true])
    })
  )

  it.effect("is safe while the provider knows the open operation's key, and asks first after that", () =>
    Effect.gen(function* () {
      const doubtful = yield* order(1)
      yield* doubtful.until("captured")
      yield* openSince(doubtful.id, "22 hours 59 minutes")
      const [young] = yield* assessed(doubtful.id)
      assert.deepStrictEqual([young?.verdict, young?.would.includes("confirm again")], ["safe", true])
      yield* openSince(doubtful.id, "23 hours")
      const [old] = yield* assessed(doubtful.id)
      assert.deepStrictEqual([old?.verdict, old?.would.includes("its confirm before")], ["asks_first", true])
    })
  )
})
