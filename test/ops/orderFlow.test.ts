/** How orders flow: counted once each, minute by minute, whoever made them. */
import { assert, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer } from "effect"
import { Database } from "../../src/database/Database.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { flowMinutes, OrderFlow } from "../../src/ops/OrderFlow.ts"
import { byHand } from "../database/byHand.ts"
import { buying } from "../orders/buying.ts"
import { shopInPostgres } from "../orders/shops.ts"

const { order } = buying("flow")

const minutesAgo = (minutes: number, id: string) =>
  byHand(`update order_events set at = at - interval '${minutes} minutes' where order_id = '${id}'`)

/** A node's own. */
const reader = Effect.map(Layer.build(Layer.fresh(OrderFlow.layer)), (node) => Context.get(node, OrderFlow).read)
/** Where the events are that happened now, and those of an hour before; the minute may have ended since. */
const around = (values: ReadonlyArray<number | undefined> = [], minutes: number) =>
  values.slice(-minutes - 1, minutes === 1 ? undefined : -minutes + 2).reduce<number>((sum, one) => sum + (one ?? 0), 0)

layer(shopInPostgres(PaymentsMemory.layer), { excludeTestServices: true })("the flow of orders", (it) => {
  it.effect("counts what became of orders in each minute, once, however often it looks", () =>
    Effect.gen(function* () {
      const read = yield* reader
      const first = yield* order(2)
      yield* first.until("captured")
      yield* minutesAgo(3, first.id)
      const declined = yield* order(1, "pm_card_chargeDeclined")
      yield* declined.until("failed")
      yield* minutesAgo(63, declined.id)
      yield* read
      const { confirmedMinor, counts, waiting } = yield* read
      assert.strictEqual(counts.placed.length, flowMinutes)
      for (const step of ["placed", "confirmed", "captured"] as const)
        assert.deepStrictEqual([step, around(counts[step], 3)], [step, 1])
      assert.strictEqual(around(confirmedMinor["CHF"], 3), 1_000)
      assert.deepStrictEqual([around(counts.placed, 63), around(counts.failed, 63)], [1, 1])
      assert.deepStrictEqual(waiting, [])

      yield* byHand(
        `insert into order_events (order_id, step, at) values ('${first.id}', 'captured', now() - interval '3 minutes')`
      )
      assert.strictEqual(around((yield* read).counts.captured, 3), 2)
      assert.strictEqual(around((yield* read).counts.captured, 3), 2)
    })
  )

  it.effect("counts once what two look at together", () =>
    Effect.gen(function* () {
      const read = yield* reader
      const one = yield* order(1)
      yield* one.until("captured")
      yield* minutesAgo(20, one.id)
      yield* Effect.all([read, read], { concurrency: 2 })
      const { counts } = yield* read
      assert.strictEqual(around(counts.placed, 20), 1)
      assert.notInclude(counts.placed, undefined)
    })
  )

  it.effect("counts what comes to light after what came later", () =>
    Effect.gen(function* () {
      const read = yield* reader
      const one = yield* order(1)
      yield* one.until("captured")
      yield* minutesAgo(30, one.id)
      const before = around((yield* read).counts.failed, 1)
      const happens = byHand(`insert into order_events (order_id, step) values ('${one.id}', 'failed')`)
      const [drawn, over] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const late = yield* Effect.forkScoped(
        (yield* Database).transaction("test.late", () =>
          Effect.andThen(happens, Effect.andThen(Deferred.succeed(drawn, undefined), Deferred.await(over)))
        )
      )
      yield* Deferred.await(drawn)
      yield* happens
      yield* read
      yield* Deferred.succeed(over, undefined)
      yield* Fiber.join(late)
      yield* minutesAgo(1, one.id)
      assert.strictEqual(around((yield* read).counts.failed, 1) - before, 2)
    })
  )

  it.effect("tells which orders wait, for how long, and what they are worth", () =>
    Effect.gen(function* () {
      const waits = yield* order(3, "pm_card_authenticationRequired")
      yield* waits.until("requires_action")
      yield* byHand(`update orders set status_since = now() - interval '5 minutes' where id = '${waits.id}'`)
      const { waiting } = yield* yield* reader
      assert.strictEqual(waiting.length, 1)
      assert.deepInclude(waiting[0], { status: "requires_action", currency: "CHF", count: 1, amountMinor: 1_500 })
      assert.closeTo(waiting[0]?.oldestSeconds ?? 0, 300, 30)
    })
  )
})
