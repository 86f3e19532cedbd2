/** What an order's row knows of a stock keeper elsewhere, on real PostgreSQL, and who finds what it waits for. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Database } from "../../src/database/Database.ts"
import { InventoryShelves } from "../../src/dependencies/inventory/InventoryMemory.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { violations } from "../../src/orders/invariants.ts"
import { adoptStrays } from "../../src/orders/OrderSweep.ts"
import type { StockOperation } from "../../src/orders/sagaRecord.ts"
import { byHand } from "../database/byHand.ts"
import { buying } from "./buying.ts"
import { faultyInventory } from "./faultyInventory.ts"
import { shopInPostgres } from "./shops.ts"

const away = new Set<StockOperation>()
const inventory = faultyInventory((call) => Effect.sync(() => (away.has(call) ? "refused" : "none")))
const shop = Layer.provideMerge(shopInPostgres(PaymentsMemory.layer), inventory)
const { order } = buying("rows")

interface Row {
  readonly status: string
  readonly stock_elsewhere: string | null
  readonly stock_operation: StockOperation | null
  readonly sent: boolean
  readonly own: number
}
const rowOf = (id: string) =>
  Effect.flatMap(Database, (database) =>
    database.query(
      "test.row",
      (sql) => sql<Row>`
        select status, stock_elsewhere, stock_operation, stock_sent_at is not null as sent,
          (select count(*)::int from reservations r where r.order_id = o.id) as own from orders o where id = ${id}`
    )
  ).pipe(Effect.map(([row]) => row))
const until = (id: string, operation: StockOperation | null) =>
  Effect.repeat(rowOf(id), { until: (row) => row?.stock_operation === operation })

layer(shop, { excludeTestServices: true })("the row of an order whose goods are elsewhere", (it) => {
  it.effect("has what the stock keeper was sent from before it is sent until it is answered", () =>
    Effect.gen(function* () {
      away.add("reserve")
      const it = yield* order(2)
      assert.deepStrictEqual(yield* until(it.id, "reserve"), {
        status: "pending",
        stock_elsewhere: "none",
        stock_operation: "reserve",
        sent: true,
        own: 0
      })
      away.clear()
      yield* it.until("captured")
      assert.deepStrictEqual(yield* until(it.id, null), {
        status: "captured",
        stock_elsewhere: "committed",
        stock_operation: null,
        sent: false,
        own: 0
      })
      assert.deepStrictEqual(yield* violations({ orderId: it.id, settlingSeconds: 0 }), [])
    })
  )

  it.effect("brings the job back that was lost before the stock keeper heard of the order's end", () =>
    Effect.gen(function* () {
      away.add("release")
      const it = yield* order(3, "pm_card_chargeDeclined")
      yield* it.until("failed")
      yield* until(it.id, "release")
      yield* byHand(`delete from jobs where key = '${it.id}'`)
      yield* byHand(`update orders set updated_at = now() - interval '2 minutes' where id = '${it.id}'`)
      away.clear()
      assert.strictEqual(yield* adoptStrays, 1)
      yield* until(it.id, null)
      const shelves = yield* InventoryShelves
      assert.deepStrictEqual(shelves.shelf(it.sku), { onHand: 10, reserved: 0, committed: 0 })
      assert.strictEqual(yield* adoptStrays, 0)
    })
  )

  it.effect.each<readonly [string, string]>([
    ["captured_without_stock", "stock_elsewhere = 'held'"],
    ["ended_with_stock", "status = 'cancelled', stock_elsewhere = 'held'"],
    ["left_behind", "stock_operation = 'commit', stock_sent_at = now() - interval '25 hours'"]
  ])("shows an order that is %s", ([invariant, change]) =>
    Effect.gen(function* () {
      const it = yield* order(1)
      yield* it.until("captured")
      yield* until(it.id, null)
      yield* byHand(`update orders set ${change} where id = '${it.id}'`)
      const broken = yield* violations({ orderId: it.id, settlingSeconds: 0 })
      assert.include(
        broken.map((violation) => violation.invariant),
        invariant
      )
    })
  )
})
