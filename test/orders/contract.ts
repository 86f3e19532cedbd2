/**
 * What orders promise, whatever keeps them: run on the maps and on real PostgreSQL alike, with payments in memory.
 * The tests share one shop and run on the real clock, so each brings people and goods of its own.
 */
import { assert, layer } from "@effect/vitest"
import { Array, DateTime, Effect, type Layer, Option, Redacted } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { Sku } from "../../src/catalog/Product.ts"
import { TermsOfSale } from "../../src/catalog/TermsOfSale.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import type { Cart, OrderId } from "../../src/orders/Order.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { OrderStore } from "../../src/orders/OrderStore.ts"
import { Email } from "../../src/users/Email.ts"
import type { UserId } from "../../src/users/User.ts"
import { Users } from "../../src/users/Users.ts"
import { availableOf, receivedElsewhere } from "./goodsElsewhere.ts"

type Shop = Orders | OrderStore | Users | Catalog | TermsOfSale | PaymentsMemory

export const ordersContract = <E>(name: string, shop: Layer.Layer<Shop, E>) => {
  let made = 0
  const buyer = Effect.gen(function* () {
    const email = Email.make(`buyer.${++made}@example.com`)
    const user = yield* (yield* Users).signUp({ email, password: Redacted.make(`password ${made}!`), name: "A Buyer" })
    return user.id
  })
  const goods = Effect.fnUntraced(function* (received: number, amount = 1000, currency = "CHF") {
    const sku = Sku.make(`GOODS-${++made}`)
    const product = { sku, name: `Goods ${made}`, description: "", price: { amount, currency }, received }
    yield* (yield* Catalog).importProducts([product])
    yield* receivedElsewhere(sku, received)
    return sku
  })
  const cartOf = (sku: Sku, quantity = 1, more: Partial<Cart> = {}): Cart => ({
    lines: [{ sku, quantity }],
    paymentMethod: "pm_card_visa",
    ...more
  })
  const finished = (userId: UserId, id: OrderId) =>
    Effect.gen(function* () {
      const orders = yield* Orders
      const order = yield* orders.follow(userId, id, 10_000)
      return order.status === "confirmed"
        ? yield* Effect.repeat(orders.find(userId, id), { until: (o) => o.status === "captured" })
        : order
    })
  const bought = Effect.fnUntraced(function* (userId: UserId, key: string, cart: Cart) {
    const placed = yield* (yield* Orders).place(userId, key, cart)
    return yield* finished(userId, placed.orderId)
  })
  const ledgerOf = (id: OrderId) =>
    Effect.flatMap(PaymentsMemory, ({ ledger }) =>
      Effect.map(ledger, (all) => all.filter((entry) => entry.orderId === id).map((entry) => entry.type))
    )

  layer(shop, { excludeTestServices: true })(`orders, ${name}`, (it) => {
    it.effect("an order is confirmed, its money taken once, and its stock leaves the shelf", () =>
      Effect.gen(function* () {
        const [userId, one, other] = [yield* buyer, yield* goods(5, 1250), yield* goods(5, 300)]
        const lines = [
          { sku: one, quantity: 2 },
          { sku: other, quantity: 1 }
        ]
        const order = yield* bought(userId, "order-of-two", { lines, paymentMethod: "pm_card_visa" })
        assert.strictEqual(order.status, "captured")
        assert.strictEqual(order.subtotal, 2800)
        assert.deepStrictEqual(
          order.lines.map((line) => [line.sku, line.quantity, line.unitPrice, line.total]),
          [
            [one, 2, 1250, 2500],
            [other, 1, 300, 300]
          ]
        )
        assert.deepStrictEqual(yield* ledgerOf(order.id), ["authorized", "captured"])
        assert.deepStrictEqual([yield* availableOf(one), yield* availableOf(other)], [3, 4])
      })
    )

    it.effect("its timeline tells each step in order", () =>
      Effect.gen(function* () {
        const [userId, sku] = [yield* buyer, yield* goods(5)]
        const order = yield* bought(userId, "timeline", cartOf(sku))
        const steps = (yield* (yield* Orders).timeline(userId, order.id)).map((entry) => entry.step)
        const messagesToStockKeeper = new Set(["reserve_sent", "hold_sent", "commit_sent"])
        const shown = steps.filter((step) => !messagesToStockKeeper.has(step))
        assert.deepStrictEqual(shown, [
          "placed",
          "reserved",
          "create_sent",
          "confirm_sent",
          "authorized",
          "confirmed",
          "capture_sent",
          "captured"
        ])
      })
    )

    it.effect("the same key is the same order, whenever it is repeated", () =>
      Effect.gen(function* () {
        const [userId, sku, orders] = [yield* buyer, yield* goods(50), yield* Orders]
        const placed = yield* Effect.all(
          Array.makeBy(20, () => orders.place(userId, "twenty-at-once", cartOf(sku))),
          { concurrency: "unbounded" }
        )
        const after = yield* orders.place(userId, "twenty-at-once", cartOf(sku))
        const order = yield* finished(userId, after.orderId)
        assert.deepStrictEqual([...new Set(placed.map((p) => p.orderId))], [order.id])
        assert.strictEqual(placed.filter((p) => !p.replayed).length, 1)
        assert.isTrue(after.replayed)
        assert.deepStrictEqual(new Set(placed.map((p) => DateTime.formatIso(p.keyExpiresAt))).size, 1)
        assert.deepStrictEqual(after.keyExpiresAt, placed[0]?.keyExpiresAt)
        assert.deepStrictEqual(yield* ledgerOf(order.id), ["authorized", "captured"])
        assert.strictEqual(yield* availableOf(sku), 49)
      })
    )

    it.effect("another body under a used key is refused, and changes nothing", () =>
      Effect.gen(function* () {
        const [userId, sku, orders] = [yield* buyer, yield* goods(5), yield* Orders]
        const order = yield* bought(userId, "used-key", cartOf(sku, 1))
        const refused = yield* Effect.flip(orders.place(userId, "used-key", cartOf(sku, 2)))
        assert.strictEqual(refused._tag, "IdempotencyKeyReused")
        assert.strictEqual((yield* orders.find(userId, order.id)).lines[0]?.quantity, 1)
      })
    )

    it.effect("one key of two accounts is two orders", () =>
      Effect.gen(function* () {
        const [ada, bob, sku] = [yield* buyer, yield* buyer, yield* goods(5)]
        const [hers, his] = [
          yield* bought(ada, "shared-key", cartOf(sku)),
          yield* bought(bob, "shared-key", cartOf(sku))
        ]
        assert.notStrictEqual(hers.id, his.id)
        assert.strictEqual(yield* availableOf(sku), 3)
      })
    )

    it.effect("a declined card fails the order, takes no money and gives the stock back", () =>
      Effect.gen(function* () {
        const [userId, sku] = [yield* buyer, yield* goods(5)]
        const paymentMethod = "pm_card_chargeDeclinedInsufficientFunds"
        const order = yield* bought(userId, "declined", cartOf(sku, 2, { paymentMethod }))
        assert.strictEqual(order.status, "failed")
        assert.deepStrictEqual(order.failure, { code: "payment_declined", reason: "insufficient_funds" })
        assert.strictEqual(order.payment.status, "declined")
        assert.deepStrictEqual(yield* ledgerOf(order.id), [])
        assert.strictEqual(yield* availableOf(sku), 5)
      })
    )

    it.effect("too little stock fails the order, says of what, and asks for no payment", () =>
      Effect.gen(function* () {
        const [userId, plenty, scarce] = [yield* buyer, yield* goods(5), yield* goods(1)]
        const lines = [
          { sku: plenty, quantity: 1 },
          { sku: scarce, quantity: 3 }
        ]
        const order = yield* bought(userId, "scarce", { lines, paymentMethod: "pm_card_visa" })
        assert.deepStrictEqual(order.failure, {
          code: "insufficient_stock",
          lines: [{ position: 1, requested: 3, available: 1 }]
        })
        assert.deepStrictEqual(yield* ledgerOf(order.id), [])
        assert.deepStrictEqual([yield* availableOf(plenty), yield* availableOf(scarce)], [5, 1])
      })
    )

    it.effect("of many buyers of the last goods just as many get them", () =>
      Effect.gen(function* () {
        const sku = yield* goods(5)
        const buyers = yield* Effect.all(Array.makeBy(12, () => buyer))
        const orders = yield* Effect.forEach(buyers, (userId) => bought(userId, "last-goods", cartOf(sku)), {
          concurrency: 12
        })
        const captured = orders.filter((order) => order.status === "captured")
        assert.strictEqual(captured.length, 5)
        assert.isTrue(
          orders.every((order) => order.status === "captured" || order.failure?.code === "insufficient_stock")
        )
        assert.strictEqual(yield* availableOf(sku), 0)
      })
    )

    it.effect("a product that does not exist is refused, and stays refused under its key", () =>
      Effect.gen(function* () {
        const [userId, sku, orders] = [yield* buyer, yield* goods(5), yield* Orders]
        const unknown = Sku.make(`LATER-${++made}`)
        const lines = [
          { sku, quantity: 1 },
          { sku: unknown, quantity: 1 }
        ]
        const cart: Cart = { lines, paymentMethod: "pm_card_visa" }
        const refused = yield* Effect.flip(orders.place(userId, "unknown-product", cart))
        assert.deepInclude(refused, { _tag: "UnknownSkus", positions: [1] })
        const product = {
          sku: unknown,
          name: "Later",
          description: "",
          price: { amount: 100, currency: "CHF" },
          received: 5
        }
        yield* (yield* Catalog).importProducts([product])
        yield* receivedElsewhere(unknown, product.received)
        const again = yield* Effect.flip(orders.place(userId, "unknown-product", cart))
        assert.deepInclude(again, { _tag: "UnknownSkus", positions: [1] })
        assert.strictEqual((yield* bought(userId, "now-known", cart)).status, "captured")
      })
    )

    it.effect("of two refusals under one key the first stands, and the second is told which that is", () =>
      Effect.gen(function* () {
        const [account, store] = [yield* buyer, yield* OrderStore]
        const claim = {
          account,
          route: "POST /v1/orders",
          key: "refused-twice",
          fingerprint: new Uint8Array(32),
          formerFingerprint: undefined
        }
        const kept = yield* store.refuse(claim, { _tag: "MixedCurrencies" })
        const again = yield* store.refuse(claim, { _tag: "UnknownSkus", positions: [0] })
        const { expiresAt } = kept
        assert.strictEqual(kept._tag, "Kept")
        assert.deepStrictEqual(again, { _tag: "Refused", refusal: { _tag: "MixedCurrencies" }, expiresAt })
        const another = { ...claim, fingerprint: new Uint8Array(32).fill(1) }
        assert.strictEqual((yield* Effect.flip(store.refuse(another, {})))._tag, "IdempotencyKeyReused")
      })
    )

    it.effect("a price that is not the expected one is refused with both", () =>
      Effect.gen(function* () {
        const [userId, sku, orders] = [yield* buyer, yield* goods(5, 1000), yield* Orders]
        const refused = yield* Effect.flip(
          orders.place(userId, "expected-price", cartOf(sku, 1, { expectedTotal: 900 }))
        )
        assert.deepInclude(refused, { _tag: "PriceChanged", expected: 900, total: 1000, currency: "CHF" })
      })
    )

    it.effect("goods of two currencies are refused", () =>
      Effect.gen(function* () {
        const [userId, franc, krona] = [yield* buyer, yield* goods(5), yield* goods(5, 1000, "SEK")]
        const lines = [
          { sku: franc, quantity: 1 },
          { sku: krona, quantity: 1 }
        ]
        const refused = yield* Effect.flip(
          (yield* Orders).place(userId, "two-currencies", { lines, paymentMethod: "pm_card_visa" })
        )
        assert.strictEqual(refused._tag, "MixedCurrencies")
      })
    )

    it.effect("a discount applies once per account, and comes back when its order fails", () =>
      Effect.gen(function* () {
        const [userId, sku, orders] = [yield* buyer, yield* goods(50, 1000), yield* Orders]
        const discountCode = `TENTH-${++made}`
        const always = { startsAt: DateTime.makeUnsafe(0), endsAt: DateTime.makeUnsafe("2099-01-01T00:00:00Z") }
        const discount = { code: discountCode, kind: "percentage", value: 10, minimumSubtotal: 0, ...always } as const
        yield* (yield* TermsOfSale).put({ discounts: [discount], shippingBands: [] })
        const failed = yield* bought(
          userId,
          "discounted-1",
          cartOf(sku, 1, { discountCode, paymentMethod: "pm_card_chargeDeclined" })
        )
        assert.strictEqual(failed.status, "failed")
        const order = yield* bought(userId, "discounted-2", cartOf(sku, 1, { discountCode }))
        assert.deepStrictEqual([order.subtotal, order.discount, order.total], [1000, 100, 900])
        const refused = yield* Effect.flip(orders.place(userId, "discounted-3", cartOf(sku, 1, { discountCode })))
        assert.deepInclude(refused, { _tag: "DiscountNotApplicable", reason: "already_used" })
      })
    )

    it.effect("an order that costs nothing needs no payment", () =>
      Effect.gen(function* () {
        const [userId, sku] = [yield* buyer, yield* goods(5, 0)]
        const order = yield* bought(userId, "for-nothing", cartOf(sku))
        assert.deepStrictEqual([order.status, order.total], ["captured", 0])
        assert.deepStrictEqual(yield* ledgerOf(order.id), [])
        assert.strictEqual(yield* availableOf(sku), 4)
      })
    )

    it.effect("a customer who has to authenticate is asked to, and the order waits", () =>
      Effect.gen(function* () {
        const [userId, sku] = [yield* buyer, yield* goods(5)]
        const paymentMethod = "pm_card_authenticationRequired"
        const order = yield* bought(userId, "authentication", cartOf(sku, 1, { paymentMethod }))
        assert.strictEqual(order.status, "requires_action")
        assert.strictEqual(order.payment.nextAction?.type, "redirect")
        assert.match(order.payment.nextAction?.url ?? "", /^https:\/\/bank\.example\//)
        assert.strictEqual(yield* availableOf(sku), 4)
        assert.deepStrictEqual(yield* ledgerOf(order.id), [])
      })
    )

    it.effect("another account's order is not found", () =>
      Effect.gen(function* () {
        const [owner, other, sku, orders] = [yield* buyer, yield* buyer, yield* goods(5), yield* Orders]
        const order = yield* bought(owner, "somebody-elses", cartOf(sku))
        assert.strictEqual((yield* Effect.flip(orders.find(other, order.id)))._tag, "OrderNotFound")
        assert.strictEqual((yield* Effect.flip(orders.timeline(other, order.id)))._tag, "OrderNotFound")
      })
    )

    it.effect("orders are listed newest first, page by page, each once", () =>
      Effect.gen(function* () {
        const [userId, sku, orders] = [yield* buyer, yield* goods(50), yield* Orders]
        const placed = yield* Effect.forEach(Array.range(1, 5), (n) => bought(userId, `page-order-${n}`, cartOf(sku)))
        const first = yield* orders.list(userId, { limit: 3, after: Option.none() })
        const second = yield* orders.list(userId, { limit: 3, after: first.next })
        const listed = [...first.orders, ...second.orders]
        const times = listed.map((order) => DateTime.toEpochMillis(order.createdAt))
        // Orders of one millisecond may stand in any order.
        assert.deepStrictEqual(times, times.toSorted().toReversed())
        assert.sameMembers(
          listed.map((order) => order.id),
          placed.map((order) => order.id)
        )
        assert.strictEqual(listed.length, placed.length)
        assert.isTrue(Option.isNone(second.next))
      })
    )
  })
}
