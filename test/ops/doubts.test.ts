/** Payments in doubt, as operators see them, and asking the provider now instead of later. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { auditTail } from "../../src/ops/auditTail.ts"
import { askingNow, doubts } from "../../src/ops/doubts.ts"
import { OrderId } from "../../src/orders/Order.ts"
import { byHand } from "../database/byHand.ts"
import { buying } from "../orders/buying.ts"
import { shopInPostgres } from "../orders/shops.ts"

const { order } = buying("doubts")
const by = { actor: "ada", reason: "a customer calls" }

layer(shopInPostgres(PaymentsMemory.layer), { excludeTestServices: true })("payments in doubt", (it) => {
  it.effect("are told with their order, amount, age and when they are asked about again", () =>
    Effect.gen(function* () {
      const look = yield* doubts
      assert.deepStrictEqual(yield* look, { count: 0, oldest: [], sums: [] })
      const { id, until } = yield* order(2)
      yield* until("captured")
      yield* byHand(
        `update payment_operations set state = 'sent', resolved_at = null, first_sent_at = now() - interval '2 hours'
         where order_id = '${id}' and operation = 'confirm'`
      )
      yield* byHand(
        `update jobs set state = 'ready', lease = null, lease_until = null, finished_at = null, run_at = now() + interval '10 minutes',
         due_by = now() + interval '10 minutes' where queue = 'orders' and key = '${id}'`
      )
      const { count, oldest, sums } = yield* look
      assert.deepStrictEqual([count, sums], [1, [{ currency: "CHF", count: 1, amountMinor: 1_000 }]])
      const [one] = oldest
      assert.deepInclude(one, { orderId: id, operation: "confirm", amountMinor: 1_000, currency: "CHF", sends: 1 })
      assert.closeTo(one?.ageSeconds ?? 0, 7_200, 30)
      assert.closeTo(one?.keySecondsLeft ?? 0, 21 * 3_600, 30)
      assert.closeTo(one?.asksInSeconds ?? 0, 600, 30)

      yield* (yield* askingNow)(id, by)
      const due = yield* byHand<{ due: boolean }>(
        `select state <> 'ready' or run_at <= now() as due from jobs where queue = 'orders' and key = '${id}'`
      )
      assert.deepStrictEqual(due, [{ due: true }])
      const [last] = yield* yield* auditTail
      assert.deepInclude(last, { ...by, action: "order.ask", target: id })
    })
  )

  it.effect("are asked about by nobody when the order's job is dead, discarded or gone", () =>
    Effect.gen(function* () {
      const { id, until } = yield* order(1)
      yield* until("captured")
      yield* byHand(
        `update payment_operations set state = 'sent', resolved_at = null, first_sent_at = now() - interval '2 hours'
         where order_id = '${id}' and operation = 'confirm'`
      )
      const look = yield* doubts
      const asksIn = Effect.map(look, ({ oldest }) => oldest.find(({ orderId }) => orderId === id)?.asksInSeconds)
      const jobIs = (state: string) =>
        byHand(
          `update jobs set state = '${state}', lease = null, lease_until = null, finished_at = now() where queue = 'orders' and key = '${id}'`
        )
      yield* jobIs("done")
      assert.strictEqual(yield* asksIn, 0)
      for (const state of ["dead", "discarded"]) {
        yield* jobIs(state)
        assert.deepStrictEqual([state, yield* asksIn], [state, null])
      }
      yield* byHand(`delete from jobs where queue = 'orders' and key = '${id}'`)
      assert.isNull(yield* asksIn)
    })
  )

  it.effect("are not asked about for an order that there is not, and nothing is audited then", () =>
    Effect.gen(function* () {
      const id = OrderId.make("ord_nobodys")
      assert.strictEqual((yield* Effect.flip((yield* askingNow)(id, by)))._tag, "OrderNotFound")
      assert.notInclude(
        (yield* yield* auditTail).map(({ target }) => target),
        id
      )
    })
  )
})
