/** What looks after orders from outside, on real PostgreSQL: the invariants, orphaned orders, the comparison of the books. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { Payments } from "../../src/dependencies/payments/Payments.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { violations } from "../../src/orders/invariants.ts"
import { LedgerSweep } from "../../src/orders/LedgerSweep.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { adoptStrays } from "../../src/orders/OrderSweep.ts"
import { persisted } from "../../src/resilience/index.ts"
import { UserId } from "../../src/users/User.ts"
import { byHand } from "../database/byHand.ts"
import { buying } from "./buying.ts"
import { shopInPostgres } from "./shops.ts"

const shop = LedgerSweep.layer.pipe(Layer.provideMerge(shopInPostgres(PaymentsMemory.layer)))
const { order } = buying("reconciling")

const broken = (orderId: string) =>
  Effect.map(violations({ orderId, settlingSeconds: 0 }), (all) => all.map(({ invariant }) => invariant))

layer(shop, { excludeTestServices: true })("looking after orders", (it) => {
  it.effect("finds nothing wrong with orders that were sold, given back, cancelled, declined, or wait", () =>
    Effect.gen(function* () {
      const orders = yield* Orders
      const [sold, back, part, waits, declined] = [
        yield* order(1),
        yield* order(2),
        yield* order(2),
        yield* order(1, "pm_card_authenticationRequired"),
        yield* order(1, "pm_card_chargeDeclined")
      ]
      const operator = UserId.make("usr_operator")
      yield* sold.until("captured")
      yield* back.until("captured")
      yield* orders.refund(operator, "all-back-now", { id: back.id, amountCents: undefined })
      yield* back.until("refunded")
      yield* part.until("captured")
      yield* orders.refund(operator, "a-part-back", { id: part.id, amountCents: 10 })
      yield* part.until("captured")
      const { version } = yield* waits.until("requires_action")
      yield* declined.until("failed")
      assert.deepStrictEqual(yield* violations({ settlingSeconds: 0 }), [])
      yield* orders.cancel(waits.userId, "cancel-waiting", { id: waits.id, version })
      yield* waits.until("cancelled")
      assert.deepStrictEqual(yield* violations({ settlingSeconds: 0 }), [])
    })
  )

  it.effect.each<readonly [string, (id: string) => string]>([
    ["movements_do_not_balance", (id) => `delete from money_movements where order_id = '${id}' and credit = 'sales'`],
    ["captured_without_money", (id) => `update payments set captured_cents = 0 where order_id = '${id}'`],
    ["captured_without_stock", (id) => `update reservations set state = 'released' where order_id = '${id}'`],
    ["ended_with_money", (id) => `update orders set status = 'cancelled' where id = '${id}'`],
    [
      "left_behind",
      (id) => `update orders set status = 'reserved', status_since = now() - interval '25 hours' where id = '${id}'`
    ],
    ["stock_sold_otherwise_than_reservations", (id) => `update reservations set quantity = 5 where order_id = '${id}'`],
    ["refunds_do_not_add_up", (id) => `update payments set refund_reserved_cents = 7 where order_id = '${id}'`]
  ])("finds %s", ([invariant, statement]) =>
    Effect.gen(function* () {
      const it = yield* order(1)
      yield* it.until("captured")
      assert.deepStrictEqual(yield* broken(it.id), [])
      yield* byHand(statement(it.id))
      assert.include(yield* broken(it.id), invariant)
    })
  )

  it.effect("gives an order that lost its job a new one, and it goes on", () =>
    Effect.gen(function* () {
      const it = yield* order(1, "pm_card_authenticationRequired")
      yield* it.until("requires_action")
      yield* byHand(`delete from jobs where key = '${it.id}'`)
      yield* byHand(`update orders set updated_at = now() - interval '2 minutes' where id = '${it.id}'`)
      const [payment] = yield* (yield* Payments).findByOrder(it.id)
      yield* (yield* PaymentsMemory).authenticate(payment?.id ?? "", true)
      assert.strictEqual(yield* adoptStrays, 1)
      yield* it.until("captured")
      assert.strictEqual(yield* adoptStrays, 0)
    })
  )

  it.effect("finds what only one of the books knows, and what they say differently; once, however often it looks", () =>
    Effect.gen(function* () {
      const [ledger, payments] = [yield* LedgerSweep, yield* Payments]
      const [fine, lost, other] = [yield* order(1), yield* order(1), yield* order(1)]
      for (const one of [fine, lost, other]) yield* one.until("captured")
      const amount = { amountCents: 900, currency: "CHF" }
      const asked = { key: persisted("strange-one"), orderId: "ord_strange", amount, paymentMethod: "pm_card_visa" }
      const strange = yield* payments.create(asked)
      const reference = { paymentId: strange.id, orderId: "ord_strange", amount }
      yield* payments.confirm({ key: persisted("strange-two"), payment: reference })
      yield* byHand(`update payments set provider_id = 'pi_nowhere' where order_id = '${lost.id}'`)
      yield* byHand(`update payments set captured_cents = 0 where order_id = '${other.id}'`)
      const day = DateTime.formatIsoDateUtc(yield* DateTime.now)
      const seen = (yield* ledger.compare(day)).map(({ kind, order_id }) => [kind, order_id])
      for (const expected of [
        ["payment_without_order", "ord_strange"],
        ["state", other.id]
      ]) {
        assert.deepInclude(seen, expected)
      }
      assert.isFalse(seen.some(([, id]) => id === fine.id))
      yield* ledger.compare(day)
      const [kept] = yield* byHand(
        `select count(*)::int as rows from ledger_differences where order_id = '${other.id}'`
      )
      assert.deepStrictEqual(kept, { rows: 1 })
    })
  )

  it.effect("compares each day that is over once", () =>
    Effect.gen(function* () {
      const ledger = yield* LedgerSweep
      assert.isAtLeast((yield* ledger.catchUp).length, 5)
      assert.deepStrictEqual(yield* ledger.catchUp, [])
    })
  )
})
