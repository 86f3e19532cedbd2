/**
 * What becomes of a wish about an order that exists, whatever keeps it: run on the maps and on real PostgreSQL alike.
 * The line to the payment provider fails where a test wants it to. Time is real.
 */
import { assert, layer } from "@effect/vitest"
import { Array, Effect, type Layer, Option } from "effect"
import type { Catalog } from "../../src/catalog/Catalog.ts"
import type { Payments } from "../../src/dependencies/payments/Payments.ts"
import type { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { OrderStateConflict, OrderVersionDiffers, RefundTooLarge } from "../../src/orders/errors.ts"
import { OrderId } from "../../src/orders/Order.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { UserId } from "../../src/users/User.ts"
import type { Users } from "../../src/users/Users.ts"
import { buying } from "./buying.ts"
import { type Call, type Fault, faultyPayments } from "./faultyPayments.ts"

type Shop = Orders | Users | Catalog | PaymentsMemory

export const wishesContract = <E>(
  name: string,
  shop: (payments: Layer.Layer<Payments | PaymentsMemory>) => Layer.Layer<Shop, E>
) => {
  const { buyer, order } = buying("wishes")
  const faults = new Map<Call, Fault>()
  /** While `work` runs, each call of this kind meets the fault. The tests of a file run one after another. */
  const during = <A, E2, R>(call: Call, fault: Fault, work: Effect.Effect<A, E2, R>) =>
    Effect.ensuring(
      Effect.suspend(() => (faults.set(call, fault), work)),
      Effect.sync(() => faults.delete(call))
    )
  const payments = faultyPayments((call) => Effect.sync(() => faults.get(call) ?? "none"))
  const operator = UserId.make("usr_operator")
  const cancel = (of: { id: OrderId; userId: UserId }, version: number, key = "cancel-it") =>
    Effect.flatMap(Orders, (orders) => orders.cancel(of.userId, key, { id: of.id, version }))
  const refund = (id: OrderId, amountCents: number | undefined, key: string) =>
    Effect.flatMap(Orders, (orders) => orders.refund(operator, key, { id, amountCents }))

  layer(shop(payments), { excludeTestServices: true })(`wishes, ${name}`, (it) => {
    it.effect(
      "an order that waits for its customer is cancelled: nothing was taken, and the goods are for others",
      () =>
        Effect.gen(function* () {
          const it = yield* order(3, "pm_card_authenticationRequired")
          const { version } = yield* it.until("requires_action")
          assert.strictEqual(yield* it.left, 7)
          yield* cancel(it, version)
          yield* it.until("cancelled")
          assert.deepStrictEqual([yield* it.left, yield* it.moved], [10, []])
        })
    )

    it.effect("an order whose money is held is cancelled, and the money let go", () =>
      Effect.gen(function* () {
        const it = yield* order(2)
        yield* during(
          "capture",
          "refused",
          Effect.gen(function* () {
            yield* cancel(it, (yield* it.until("confirmed")).version)
            yield* it.until("cancelled")
          })
        )
        assert.deepStrictEqual(yield* it.moved, [
          ["authorized", 1000],
          ["canceled", 1000]
        ])
        assert.strictEqual(yield* it.left, 10)
      })
    )

    it.effect("a cancel that the capture was faster than gives the money back", () =>
      Effect.gen(function* () {
        const it = yield* order(2)
        yield* during(
          "capture",
          "unheard",
          Effect.gen(function* () {
            const { version } = yield* it.until("confirmed")
            yield* Effect.repeat(it.moved, { until: (moved) => moved.length === 2 })
            yield* cancel(it, version)
            yield* it.until("refunded")
          })
        )
        assert.deepStrictEqual(yield* it.moved, [
          ["authorized", 1000],
          ["captured", 1000],
          ["refunded", 1000]
        ])
        assert.deepStrictEqual((yield* it.now).payment, { status: "refunded", refunded: 1000 })
        assert.strictEqual(yield* it.left, 10)
      })
    )

    it.effect("an order whose money was taken cannot be cancelled, and the refusal is kept under its key", () =>
      Effect.gen(function* () {
        const it = yield* order(1)
        const { version } = yield* it.until("captured")
        const refused = yield* Effect.flip(cancel(it, version))
        assert.instanceOf(refused, OrderStateConflict)
        assert.deepStrictEqual(yield* Effect.flip(cancel(it, version + 7)), refused)
        assert.strictEqual((yield* it.now).status, "captured")
      })
    )

    it.effect("a cancel of what the customer did not see changes nothing, and leaves its key free", () =>
      Effect.gen(function* () {
        const it = yield* order(1, "pm_card_authenticationRequired")
        const { version } = yield* it.until("requires_action")
        const differs = yield* Effect.flip(cancel(it, version - 1))
        if (!(differs instanceof OrderVersionDiffers)) return assert.fail(differs._tag)
        assert.deepStrictEqual([differs.status, differs.version], ["requires_action", version])
        assert.isFalse((yield* cancel(it, version)).replayed)
        assert.isTrue((yield* cancel(it, version - 1)).replayed)
        yield* it.until("cancelled")
      })
    )

    it.effect("nobody cancels another's order, nor one that does not exist", () =>
      Effect.gen(function* () {
        const it = yield* order(1, "pm_card_authenticationRequired")
        const { version } = yield* it.until("requires_action")
        const userId = yield* buyer
        for (const id of [it.id, OrderId.make("ord_nowhere")]) {
          assert.strictEqual((yield* Effect.flip(cancel({ id, userId }, version)))._tag, "OrderNotFound")
        }
      })
    )

    it.effect("all of the money goes back, and goods that never left are for others", () =>
      Effect.gen(function* () {
        const it = yield* order(4)
        yield* it.until("captured")
        assert.strictEqual(yield* it.left, 6)
        yield* refund(it.id, undefined, "all-of-it")
        const refunded = yield* it.until("refunded")
        assert.deepStrictEqual(refunded.payment, { status: "refunded", refunded: 2000 })
        assert.strictEqual(yield* it.left, 10)
      })
    )

    it.effect("goods that are on their way stay sold when all of the money goes back", () =>
      Effect.gen(function* () {
        const [it, orders] = [yield* order(4), yield* Orders]
        assert.strictEqual((yield* Effect.flip(orders.fulfil(it.id)))._tag, "OrderStateConflict")
        yield* it.until("captured")
        yield* orders.fulfil(it.id)
        yield* orders.fulfil(it.id)
        assert.strictEqual((yield* it.now).status, "fulfilled")
        yield* refund(it.id, undefined, "all-of-that")
        yield* it.until("refunded")
        assert.strictEqual(yield* it.left, 6)
      })
    )

    it.effect("a part of the money goes back, the rest stays, and so do the goods", () =>
      Effect.gen(function* () {
        const it = yield* order(2)
        const { version } = yield* it.until("captured")
        yield* refund(it.id, 300, "a-part-of-it")
        const after = yield* it.until("captured")
        assert.isAbove(after.version, version)
        assert.deepStrictEqual(after.payment, { status: "captured", refunded: 300 })
        assert.deepStrictEqual(
          yield* Effect.flip(refund(it.id, 701, "more-than-left")),
          new RefundTooLarge({ orderId: it.id, refundableCents: 700 })
        )
        assert.strictEqual(yield* it.left, 8)
      })
    )

    it.effect("of refunds at once, no more is given back than was taken", () =>
      Effect.gen(function* () {
        const it = yield* order(2)
        yield* it.until("captured")
        const asked = yield* Effect.all(
          Array.makeBy(9, (n) => Effect.exit(refund(it.id, 300, `one-of-nine-${n}`))),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(asked.filter((exit) => exit._tag === "Success").length, 3)
        const after = yield* it.until("captured")
        assert.strictEqual(after.payment.refunded, 900)
        assert.deepStrictEqual(
          (yield* it.moved).filter(([type]) => type === "refunded").map(([, amount]) => amount),
          [300, 300, 300]
        )
      })
    )

    it.effect("a refund that took effect unheard is not given twice, and keeps its share meanwhile", () =>
      Effect.gen(function* () {
        const it = yield* order(2)
        yield* it.until("captured")
        yield* during(
          "refund",
          "unheard",
          Effect.gen(function* () {
            yield* refund(it.id, 600, "goes-unheard")
            yield* Effect.repeat(it.moved, { until: (moved) => moved.length === 3 })
            const more = yield* Effect.flip(refund(it.id, 600, "and-once-more"))
            assert.deepStrictEqual(more, new RefundTooLarge({ orderId: it.id, refundableCents: 400 }))
          })
        )
        yield* (yield* Orders).wake(it.id)
        assert.strictEqual((yield* it.untilRefunded(600)).status, "captured")
        assert.strictEqual((yield* it.moved).length, 3)
      })
    )

    it.effect("one key is one wish: a repeat changes nothing, and another amount under it is refused", () =>
      Effect.gen(function* () {
        const it = yield* order(2)
        yield* it.until("captured")
        yield* refund(it.id, 100, "the-same-key")
        assert.isTrue((yield* refund(it.id, 100, "the-same-key")).replayed)
        assert.strictEqual((yield* Effect.flip(refund(it.id, 200, "the-same-key")))._tag, "IdempotencyKeyReused")
        assert.strictEqual((yield* it.untilRefunded(100)).status, "captured")
      })
    )

    it.effect("a card that the provider does not know pays for nothing: the order fails, and its goods are free", () =>
      Effect.gen(function* () {
        const it = yield* order(1, "pm_card_of_nobody")
        const failed = yield* it.until("failed")
        assert.deepStrictEqual(failed.failure, { code: "payment_declined", reason: "declined" })
        assert.strictEqual(yield* it.left, 10)
      })
    )

    it.effect("an order is found by the key that made it, by nobody else's", () =>
      Effect.gen(function* () {
        const [orders, one, other] = [yield* Orders, yield* order(1), yield* order(1)]
        const userId = one.userId
        const place = orders.place(userId, "find-me-by-this", {
          lines: [{ sku: one.sku, quantity: 1 }],
          paymentMethod: "pm_card_visa"
        })
        const { orderId } = yield* place
        assert.strictEqual(Option.getOrUndefined(yield* orders.findByKey(userId, "find-me-by-this"))?.id, orderId)
        assert.isTrue(Option.isNone(yield* orders.findByKey(other.userId, "find-me-by-this")))
        assert.isTrue(Option.isNone(yield* orders.findByKey(userId, "never-used")))
      })
    )
  })
}
