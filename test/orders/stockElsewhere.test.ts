/**
 * Orders whose goods are kept elsewhere, under a clock that a test moves: what they wait for, and what they leave behind,
 * when the line to the stock keeper fails.
 */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, References } from "effect"
import { TestClock } from "effect/testing"
import { StockMemory } from "../../src/catalog/StockMemory.ts"
import { Inventory } from "../../src/dependencies/inventory/Inventory.ts"
import { InventoryShelves } from "../../src/dependencies/inventory/InventoryMemory.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { runOrder } from "../../src/orders/OrderSaga.ts"
import { orderQueue } from "../../src/orders/OrderStore.ts"
import type { SagaRecord, StockOperation } from "../../src/orders/sagaRecord.ts"
import { isOverdue } from "../../src/orders/waiting.ts"
import { UserId } from "../../src/users/User.ts"
import { buying } from "./buying.ts"
import { faultyInventory, type StockFault } from "./faultyInventory.ts"
import { type Call, type Fault, faultyPayments } from "./faultyPayments.ts"
import { shopInMemory, shopWithoutWorkers } from "./shops.ts"

/** The lines to the stock keeper and to the payment provider: what fails on them, and all that was tried, in order. */
const lines = () => {
  const stock = new Map<StockOperation, StockFault>()
  const money = new Map<Call, Fault>()
  const tried: Array<StockOperation | Call> = []
  const inventory = faultyInventory((call) => Effect.sync(() => (tried.push(call), stock.get(call) ?? "none")))
  const payments = faultyPayments((call) => Effect.sync(() => (tried.push(call), money.get(call) ?? "none")))
  const shop = Layer.provideMerge(shopInMemory(payments), inventory)
  return { stock, money, tried, inventory, payments, shop }
}
const quietly = Effect.provideService(References.MinimumLogLevel, "None")
const { order } = buying("elsewhere")
const counted = (tried: ReadonlyArray<string>, call: string) => tried.filter((one) => one === call).length
const shelf = (sku: string) => Effect.map(InventoryShelves, (shelves) => shelves.shelf(sku))
const hour = 3_600_000
const operator = UserId.make("usr_operator")

it.effect("goods that are kept elsewhere are leased and held there before the money moves, and sold after it", () => {
  const { shop, tried } = lines()
  return Effect.gen(function* () {
    const it = yield* order(2)
    yield* TestClock.adjust("5 seconds")
    assert.strictEqual((yield* it.now).status, "captured")
    assert.deepStrictEqual(tried, ["reserve", "create", "hold", "confirm", "capture", "commit"])
    assert.deepStrictEqual(yield* shelf(it.sku), { onHand: 8, reserved: 0, committed: 2 })
    assert.deepStrictEqual((yield* StockMemory).get(it.sku), { onHand: 10, reserved: 0 })
  }).pipe(Effect.provide(shop), quietly)
})

it.effect.each(["lost", "unheard", "refused"] as const)(
  "an order waits, unpaid, while nobody reserves (%s), and goes on by itself within a minute",
  (fault) => {
    const { shop, stock, tried } = lines()
    return Effect.gen(function* () {
      stock.set("reserve", fault)
      const it = yield* order(1)
      yield* TestClock.adjust("20 minutes")
      assert.strictEqual((yield* it.now).status, "pending")
      assert.deepStrictEqual([...new Set(tried)], ["reserve"])
      stock.clear()
      yield* TestClock.adjust("80 seconds")
      assert.strictEqual((yield* it.now).status, "captured")
      assert.deepStrictEqual(yield* shelf(it.sku), { onHand: 9, reserved: 0, committed: 1 })
    }).pipe(Effect.provide(shop), quietly)
  }
)

it("after a day without an answer a person is called, whatever state the order shows", () => {
  const waiting: SagaRecord = {
    orderId: "ord_1",
    status: "pending",
    totalCents: 500,
    currency: "CHF",
    paymentMethod: "pm_card_visa",
    lines: [{ sku: "CUP-1", quantity: 1 }],
    keeper: "elsewhere",
    reservation: "none",
    stockSent: "reserve",
    providerId: undefined,
    operations: {},
    refunds: [],
    cancelRequested: false,
    fulfilled: false,
    statusSinceMillis: 0,
    sentAtMillis: { "reserve:0": 0 },
    searchedEmptyAtMillis: undefined
  }
  const over: SagaRecord = { ...waiting, status: "captured", stockSent: "commit", sentAtMillis: { "commit:0": 0 } }
  for (const record of [waiting, over]) {
    assert.deepStrictEqual([isOverdue(record, 24 * hour - 1), isOverdue(record, 24 * hour)], [false, true])
  }
  assert.isFalse(isOverdue({ ...over, stockSent: undefined }, 240 * hour))
})

it.effect("no payment is confirmed before the hold was answered", () => {
  const { shop, stock, tried } = lines()
  return Effect.gen(function* () {
    stock.set("hold", "unheard")
    const it = yield* order(1)
    yield* TestClock.adjust("10 minutes")
    assert.strictEqual((yield* it.now).status, "reserved")
    assert.deepStrictEqual([counted(tried, "create"), counted(tried, "confirm")], [1, 0])
    stock.clear()
    yield* TestClock.adjust("2 minutes")
    assert.strictEqual((yield* it.now).status, "captured")
  }).pipe(Effect.provide(shop), quietly)
})

it.effect("a lease that ended before the hold is taken again", () => {
  const { shop, stock, tried } = lines()
  return Effect.gen(function* () {
    stock.set("hold", "lost")
    const it = yield* order(1)
    yield* TestClock.adjust("20 minutes")
    stock.clear()
    yield* TestClock.adjust("2 minutes")
    assert.strictEqual((yield* it.now).status, "captured")
    assert.deepStrictEqual([counted(tried, "reserve"), counted(tried, "confirm")], [2, 1])
    assert.deepStrictEqual(yield* shelf(it.sku), { onHand: 9, reserved: 0, committed: 1 })
  }).pipe(Effect.provide(shop), quietly)
})

it.effect("a lease that went to others fails the order, and ends whatever of it may still be on its way", () => {
  const { shop, stock, tried } = lines()
  return Effect.gen(function* () {
    stock.set("hold", "late")
    const it = yield* order(6)
    yield* TestClock.adjust("20 minutes")
    const others = yield* InventoryShelves
    assert.strictEqual(others.reserve("ord_other", [{ sku: it.sku, quantity: 7 }], 20 * 60_000)._tag, "Stands")
    stock.clear()
    yield* TestClock.adjust("2 minutes")
    const failed = yield* it.now
    assert.deepStrictEqual(failed.failure, {
      code: "insufficient_stock",
      lines: [{ position: 0, requested: 6, available: 3 }]
    })
    assert.strictEqual(tried.at(-1), "release")
    others.release("ord_other")
    assert.deepStrictEqual([yield* shelf(it.sku), yield* it.moved], [{ onHand: 10, reserved: 0, committed: 0 }, []])
  }).pipe(Effect.provide(shop), quietly)
})

it.effect(
  "an order that is cancelled while its reserve has no answer releases it, and a late reserve is refused",
  () => {
    const { shop, stock, tried } = lines()
    return Effect.gen(function* () {
      stock.set("reserve", "late")
      const it = yield* order(4)
      yield* TestClock.adjust("2 seconds")
      const wish = { id: it.id, version: (yield* it.now).version }
      yield* Effect.flatMap(Orders, (orders) => orders.cancel(it.userId, "cancel-it", wish))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* it.now).status, "cancelled")
      assert.deepStrictEqual(tried, ["reserve", "release"])
      assert.deepStrictEqual(yield* shelf(it.sku), { onHand: 10, reserved: 0, committed: 0 })
    }).pipe(Effect.provide(shop), quietly)
  }
)

it.effect("an end shows at once, and the stock keeper is told until it has heard", () => {
  const { shop, stock, tried } = lines()
  return Effect.gen(function* () {
    stock.set("release", "unheard")
    const it = yield* order(4, "pm_card_chargeDeclined")
    yield* TestClock.adjust("2 seconds")
    assert.strictEqual((yield* it.now).status, "failed")
    yield* TestClock.adjust("30 seconds")
    assert.isAbove(counted(tried, "release"), 1)
    stock.clear()
    yield* TestClock.adjust("2 minutes")
    const told = counted(tried, "release")
    yield* TestClock.adjust("20 minutes")
    assert.strictEqual(counted(tried, "release"), told)
    assert.deepStrictEqual(yield* shelf(it.sku), { onHand: 10, reserved: 0, committed: 0 })
  }).pipe(Effect.provide(shop), quietly)
})

it.effect("nothing is released while a payment is in doubt", () => {
  const { money, shop, tried } = lines()
  return Effect.gen(function* () {
    money.set("confirm", "unheard").set("retrieve", "lost").set("cancel", "lost")
    const it = yield* order(4)
    yield* TestClock.adjust("2 seconds")
    const wish = { id: it.id, version: (yield* it.now).version }
    yield* Effect.flatMap(Orders, (orders) => orders.cancel(it.userId, "cancel-it", wish))
    yield* TestClock.adjust("20 minutes")
    assert.deepStrictEqual([counted(tried, "release"), (yield* shelf(it.sku))?.reserved], [0, 4])
    money.clear()
    yield* TestClock.adjust("16 minutes")
    assert.strictEqual((yield* it.now).status, "cancelled")
    assert.deepStrictEqual([counted(tried, "release"), (yield* shelf(it.sku))?.reserved], [1, 0])
  }).pipe(Effect.provide(shop), quietly)
})

it.effect(
  "money that goes back waits for no stock keeper; the goods are restocked once their sale was answered",
  () => {
    const { shop, stock, tried } = lines()
    return Effect.gen(function* () {
      stock.set("commit", "unheard")
      const it = yield* order(3)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* it.now).status, "captured")
      yield* Effect.flatMap(Orders, (orders) =>
        orders.refund(operator, "all-of-it-back", { id: it.id, amountCents: undefined })
      )
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* it.now).status, "refunded")
      assert.strictEqual(counted(tried, "restock"), 0)
      stock.clear()
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(yield* shelf(it.sku), { onHand: 10, reserved: 0, committed: 0 })
    }).pipe(Effect.provide(shop), quietly)
  }
)

it.effect("goods that are on their way are not restocked", () => {
  const { shop, tried } = lines()
  return Effect.gen(function* () {
    const it = yield* order(3)
    yield* TestClock.adjust("5 seconds")
    const orders = yield* Orders
    yield* orders.fulfil(it.id)
    yield* orders.refund(operator, "all-of-it-back", { id: it.id, amountCents: undefined })
    yield* TestClock.adjust("5 seconds")
    assert.strictEqual((yield* it.now).status, "refunded")
    assert.strictEqual(counted(tried, "restock"), 0)
    assert.deepStrictEqual(yield* shelf(it.sku), { onHand: 7, reserved: 0, committed: 3 })
  }).pipe(Effect.provide(shop), quietly)
})

it.effect("an order waits on a node that knows of no stock keeper, and goes on where one is known", () => {
  const { inventory, payments, tried } = lines()
  return Effect.gen(function* () {
    const it = yield* order(1)
    const [jobs, knowing] = [yield* Jobs, yield* runOrder]
    const withoutKeeper = (known: Context.Context<Effect.Services<typeof runOrder>>) => Context.omit(Inventory)(known)
    const ignorant = yield* Effect.updateContext(runOrder, withoutKeeper)
    const [job] = yield* jobs.claim(orderQueue, 1)
    if (job === undefined) return assert.fail("nothing to do")
    const settlement = yield* ignorant(job)
    yield* jobs.settle(job, settlement)
    assert.deepStrictEqual([settlement._tag, tried], ["Later", []])
    yield* TestClock.adjust("10 seconds")
    const [again] = yield* jobs.claim(orderQueue, 1)
    if (again === undefined) return assert.fail("nothing to do")
    assert.strictEqual((yield* knowing(again))._tag, "Done")
    assert.strictEqual((yield* it.now).status, "captured")
  }).pipe(Effect.provide(Layer.provideMerge(shopWithoutWorkers(payments), inventory)), quietly)
})

it.effect("a stock keeper that has given sold goods away is a person's matter", () => {
  const { shop, stock } = lines()
  return Effect.gen(function* () {
    stock.set("commit", "lost")
    const it = yield* order(3)
    yield* TestClock.adjust("5 seconds")
    ;(yield* InventoryShelves).release(it.id)
    stock.clear()
    yield* TestClock.adjust("2 minutes")
    const queues = yield* (yield* Jobs).queues
    assert.strictEqual(queues.find(({ queue }) => queue === orderQueue)?.dead, 1)
    assert.strictEqual((yield* it.now).status, "captured")
  }).pipe(Effect.provide(shop), quietly)
})
