/** Operations without an answer, under a clock that a test moves: what is shown, when it is asked about, how it ends. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Layer, Option, Random, References } from "effect"
import { TestClock } from "effect/testing"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { Sku } from "../../src/catalog/Product.ts"
import { StockMemory } from "../../src/catalog/StockMemory.ts"
import { Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { OrderVersionDiffers } from "../../src/orders/errors.ts"
import { OrderId } from "../../src/orders/Order.ts"
import { OrderChanges } from "../../src/orders/OrderChanges.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { runOrder } from "../../src/orders/OrderSaga.ts"
import { orderQueue, OrderStore } from "../../src/orders/OrderStore.ts"
import * as OrderStoreMemory from "../../src/orders/OrderStoreMemory.ts"
import { UserId } from "../../src/users/User.ts"
import { buying } from "./buying.ts"
import { type Call, type Fault, faultyPayments } from "./faultyPayments.ts"
import { shopInMemory } from "./shops.ts"

/** The line to the provider: what fails, and all that was tried on it. */
const line = (...failing: ReadonlyArray<readonly [Call, Fault]>) => {
  const faults = new Map(failing)
  const tried: Array<Call> = []
  const payments = faultyPayments((call) => Effect.sync(() => (tried.push(call), faults.get(call) ?? "none")))
  return { faults, tried, payments, shop: shopInMemory(payments) }
}
const quietly = Effect.provideService(References.MinimumLogLevel, "None")
const { order } = buying("doubt")

it.effect(
  "a payment that may have been authorised shows as in doubt after ten seconds, and is found out by asking",
  () => {
    const { faults, shop, tried } = line(["confirm", "unheard"], ["retrieve", "lost"])
    return Effect.gen(function* () {
      const it = yield* order(1)
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual((yield* it.now).status, "reserved")
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual((yield* it.now).payment, { status: "pending" })
      const { status, version } = yield* it.now
      assert.strictEqual(status, "payment_in_doubt")
      // Who names another version is told how the order stands just as who reads it.
      const stale = { id: it.id, version: version - 1 }
      const differs = yield* Effect.flip(Effect.flatMap(Orders, (orders) => orders.cancel(it.userId, "stale", stale)))
      if (!(differs instanceof OrderVersionDiffers)) return assert.fail(differs._tag)
      assert.deepStrictEqual([differs.status, differs.version], [status, version])
      assert.strictEqual(yield* it.left, 9)
      faults.clear()
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual((yield* it.now).status, "captured")
      // Asked, not sent again.
      assert.deepStrictEqual(
        tried.filter((call) => call === "confirm"),
        ["confirm"]
      )
    }).pipe(Effect.provide(shop), quietly)
  }
)

/** An order without a worker, whose job a test runs itself: so days pass at once. Answers how the job stands at the end. */
const ordersAlone = (payments: ReturnType<typeof faultyPayments>) =>
  OrderStoreMemory.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(Catalog.layerMemory, Jobs.layerMemory, OrderChanges.layerMemory, payments)),
    Layer.provide(NodeCrypto.layer)
  )
const id = OrderId.make("ord_doubt")
const sku = Sku.make("DOUBT-1")
const placed = Effect.gen(function* () {
  const price = { amount: 500, currency: "CHF" }
  yield* (yield* Catalog).importProducts([{ sku, name: "Doubt", description: "", price, received: 10 }])
  const userId = UserId.make("usr_doubt")
  const claim = {
    account: userId,
    route: "test",
    key: "doubt",
    fingerprint: new Uint8Array(),
    formerFingerprint: undefined
  }
  const currency = "CHF"
  yield* (yield* OrderStore).place(claim, {
    id,
    userId,
    lines: [{ sku, name: "Doubt", quantity: 1, unitPriceCents: 500, currency }],
    price: { subtotalCents: 500, discountCents: 0, shippingCents: 0, totalCents: 500, currency },
    paymentMethod: "pm_card_visa",
    discountCode: undefined,
    clientReference: undefined
  })
})
const hour = 3_600_000
const run = Effect.fnUntraced(function* (millis: number) {
  const [jobs, handle] = [yield* Jobs, yield* runOrder]
  const ends = (yield* Clock.currentTimeMillis) + millis
  for (;;) {
    const left = ends - (yield* Clock.currentTimeMillis)
    const [job] = yield* jobs.claim(orderQueue, 1)
    if (job !== undefined) {
      const settlement = yield* handle(job)
      yield* jobs.settle(job, settlement)
      if (settlement._tag === "Dead" || settlement._tag === "Done") return settlement
    } else if (left <= 0) return undefined
    else yield* TestClock.adjust(Math.min(left, 5_000))
  }
})
const status = Effect.map(
  Effect.flatMap(OrderStore, (store) => store.find(id)),
  (found) => Option.getOrUndefined(found)?.order.status
)
const shelf = Effect.map(StockMemory, (stock) => stock.get(sku))
const counted = (tried: ReadonlyArray<Call>, call: Call) => tried.filter((one) => one === call).length

it.effect("a doubt is looked at less and less often, and after a day a person is called", () => {
  const { payments, tried } = line(["confirm", "lost"], ["retrieve", "lost"])
  return Effect.gen(function* () {
    yield* placed
    yield* run(60_000)
    const first = tried.length
    assert.isTrue(first >= 5 && first <= 10, `${first} in the first minute`)
    yield* run(hour)
    const second = tried.length - first
    assert.isTrue(second >= 8 && second <= 18, `${second} in the hour after it`)
    assert.deepStrictEqual(yield* run(24 * hour), Settlement.dead({ code: "needs_operator", category: "permanent" }))
    assert.strictEqual(yield* status, "payment_in_doubt")
    assert.deepStrictEqual(yield* shelf, { onHand: 10, reserved: 1 })
  }).pipe(Effect.provide(ordersAlone(payments)), quietly)
})

it.effect("nothing is sent under a key that is 23 hours old: it is only asked about", () => {
  const { payments, tried } = line(["confirm", "lost"])
  return Effect.gen(function* () {
    yield* placed
    yield* run(23 * hour)
    assert.include(tried, "confirm")
    const sent = counted(tried, "confirm")
    const asked = counted(tried, "retrieve")
    yield* run(1.3 * hour)
    assert.strictEqual(counted(tried, "confirm"), sent)
    assert.isAbove(counted(tried, "retrieve"), asked)
    assert.strictEqual(yield* status, "payment_in_doubt")
  }).pipe(Effect.provide(ordersAlone(payments)), quietly)
})

/** The pauses between looks are drawn; with these the key's end falls early, late, and last in the pause that it is in. */
const draws = [0, 0.4, 0.625, 0.875, 0.999]
const drawing = (draw: number) =>
  Effect.provideService(Random.Random, { nextDoubleUnsafe: () => draw, nextIntUnsafe: () => Math.floor(draw * 1e9) })

it.effect.each(draws)(
  "a payment of which neither id nor key is left is searched for, twice, before the order is let go (pauses of %d)",
  (draw) => {
    const { payments, tried } = line(["create", "lost"])
    return Effect.gen(function* () {
      yield* placed
      yield* run(22.9 * hour)
      assert.strictEqual(counted(tried, "find"), 0)
      assert.deepStrictEqual(yield* run(0.5 * hour), Settlement.done)
      assert.strictEqual(counted(tried, "find"), 2)
      assert.strictEqual(yield* status, "cancelled")
      assert.deepStrictEqual(yield* shelf, { onHand: 10, reserved: 0 })
    }).pipe(drawing(draw), Effect.provide(ordersAlone(payments)), quietly)
  }
)

it.effect("a person is called after a day, but not where a second search is due: only when that cannot be made", () => {
  const { faults, payments, tried } = line(["create", "lost"], ["find", "lost"])
  const aDayLater = Effect.gen(function* () {
    yield* placed
    yield* run(23.9 * hour)
    faults.delete("find")
    yield* run(0.15 * hour)
    assert.strictEqual(yield* status, "reserved")
  })
  return Effect.gen(function* () {
    yield* aDayLater
    const searched = counted(tried, "find")
    assert.deepStrictEqual(yield* run(0.3 * hour), Settlement.done)
    assert.strictEqual(counted(tried, "find") - searched, 1)
    assert.strictEqual(yield* status, "cancelled")
  }).pipe(
    Effect.provide(ordersAlone(payments)),
    Effect.andThen(
      Effect.gen(function* () {
        faults.set("find", "lost")
        yield* aDayLater
        faults.set("find", "lost")
        assert.deepStrictEqual(yield* run(hour), Settlement.dead({ code: "needs_operator", category: "permanent" }))
        assert.strictEqual(yield* status, "reserved")
      }).pipe(Effect.provide(ordersAlone(payments)))
    ),
    quietly
  )
})

it.effect("a payment whose making went unheard for a day is found by the order's id", () => {
  const { payments, tried } = line(["create", "unheard"])
  return Effect.gen(function* () {
    yield* placed
    yield* run(25 * hour)
    assert.strictEqual(counted(tried, "find"), 1)
    assert.strictEqual(yield* status, "captured")
  }).pipe(Effect.provide(ordersAlone(payments)), quietly)
})

it.effect("a customer who does not act in ten minutes has left: the payment ends, and the goods are for others", () => {
  const { shop } = line()
  return Effect.gen(function* () {
    const it = yield* order(2, "pm_card_authenticationRequired")
    yield* TestClock.adjust("9 minutes")
    assert.strictEqual((yield* it.now).status, "requires_action")
    yield* TestClock.adjust("90 seconds")
    assert.strictEqual((yield* it.now).status, "cancelled")
    assert.strictEqual(yield* it.left, 10)
  }).pipe(Effect.provide(shop), quietly)
})

it.effect("a refund in doubt keeps its share, is asked about, and is given once", () => {
  const { faults, shop } = line()
  return Effect.gen(function* () {
    const it = yield* order(2)
    yield* TestClock.adjust("5 seconds")
    faults.set("refund", "unheard").set("retrieve", "lost")
    const asked = { id: it.id, amountCents: 600 }
    yield* Effect.flatMap(Orders, (orders) => orders.refund(it.userId, "in-doubt", asked))
    yield* TestClock.adjust("10 minutes")
    assert.strictEqual((yield* it.now).status, "refund_pending")
    faults.clear()
    yield* TestClock.adjust("10 minutes")
    assert.deepStrictEqual((yield* it.now).payment, { status: "captured", refunded: 600 })
    assert.strictEqual((yield* it.moved).filter(([type]) => type === "refunded").length, 1)
  }).pipe(Effect.provide(shop), quietly)
})
