/**
 * A shop in memory on a bad day, from one seed: its customers, its workers that die, its line to the provider that fails.
 *
 * For two minutes a hundred orders come in, some of them several times; calls to the provider are lost, go unheard or do
 * not leave; workers die without a word and others take their place; people approve, refuse, leave, cancel, and are
 * given money back. Then the line heals, and everything must come to its end within a quarter of an hour. Where the
 * goods are kept elsewhere, the line to their keeper fails as well, and some of what seemed lost on it arrives late.
 */
import { Array, Effect, Exit, Fiber, Layer, Option, Random } from "effect"
import { TestClock } from "effect/testing"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { Sku } from "../../src/catalog/Product.ts"
import { Payments } from "../../src/dependencies/payments/Payments.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { runWorker } from "../../src/jobs/Worker.ts"
import type { Cart, OrderId } from "../../src/orders/Order.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { runOrder } from "../../src/orders/OrderSaga.ts"
import { orderQueue } from "../../src/orders/OrderStore.ts"
import { UserId } from "../../src/users/User.ts"
import type { SagaRecord } from "../../src/orders/sagaRecord.ts"
import { faultyInventory, type StockFault } from "./faultyInventory.ts"
import { type Fault, faultyPayments } from "./faultyPayments.ts"
import { receivedElsewhere } from "./goodsElsewhere.ts"
import { shopWithoutWorkers } from "./shops.ts"

export const ordersAShop = 1000
const goods = 20
const received = 110
const priceCents = 500
const badMillis = 120_000
const customers = { approves: 0.75, refused: 0.85, asked: 1 }

/** What a buyer did and was told; the shop's promises are held against it. */
export interface Bought {
  readonly id: OrderId
  readonly userId: UserId
  readonly sku: Sku
  readonly quantity: number
  readonly answers: ReadonlyArray<OrderId>
  readonly cancelled: boolean
  readonly refundsAskedCents: number
}

const pick = <A>(choices: ReadonlyArray<A>) =>
  Effect.map(Random.nextIntBetween(0, choices.length), (at) => choices[Math.min(at, choices.length - 1)] as A)
const chance = (share: number) => Effect.map(Random.next, (random) => random < share)

/** One call in four fails in some way while the day is bad. */
const faults = (isBad: () => boolean) =>
  faultyPayments((call) =>
    Effect.map(Random.next, (random): Fault => {
      if (!isBad() || call === "find") return "none"
      return random < 0.1 ? "lost" : random < 0.2 ? "unheard" : random < 0.25 ? "refused" : "none"
    })
  )

/** Three calls in ten fail in some way while the day is bad. */
const stockFaults = (isBad: () => boolean) =>
  faultyInventory(() =>
    Effect.map(Random.next, (random): StockFault => {
      if (!isBad()) return "none"
      return random < 0.08
        ? "lost"
        : random < 0.16
          ? "unheard"
          : random < 0.24
            ? "late"
            : random < 0.3
              ? "refused"
              : "none"
    })
  )
/** A lease that a late message took for an order that was over ends by itself. */
const leasesEnd = "16 minutes"

/** Works until it dies: then it settles nothing any more, and its leases run out. */
const mortalWorker = Effect.gen(function* () {
  const jobs = yield* Jobs
  const life = { over: false }
  const mortal = Jobs.of({
    ...jobs,
    settle: (job, settlement) => (life.over ? Effect.succeed(false) : jobs.settle(job, settlement)),
    settleAll: (settled) => (life.over ? Effect.succeed(new Set<string>()) : jobs.settleAll(settled)),
    renew: (held) => (life.over ? Effect.succeed(new Set<string>()) : jobs.renew(held))
  })
  const handle = yield* runOrder
  const fiber = yield* Effect.forkScoped(
    Effect.provideService(runWorker({ queue: orderQueue, concurrency: 4, handle }), Jobs, mortal)
  )
  return Effect.suspend(() => ((life.over = true), Fiber.interrupt(fiber)))
})

/** A worker that is replaced each time that it dies, every twenty seconds or so, while the day is bad. */
const workers = Effect.gen(function* () {
  for (let lived = 0; lived < badMillis;) {
    const kill = yield* mortalWorker
    const life = yield* Random.nextIntBetween(5_000, 40_000)
    yield* Effect.sleep(life)
    yield* kill
    lived += life
  }
  yield* Effect.asVoid(mortalWorker)
  return yield* Effect.never
})

const customerActs = Effect.fnUntraced(function* (userId: UserId, id: OrderId) {
  const [orders, payments, provider] = [yield* Orders, yield* Payments, yield* PaymentsMemory]
  yield* Effect.sleep(yield* Random.nextIntBetween(1_000, 100_000))
  const order = yield* orders.find(userId, id)
  if (order.status === "requires_action" && (yield* chance(0.7))) {
    const [payment] = yield* payments.findByOrder(id)
    if (payment !== undefined) yield* provider.authenticate(payment.id, yield* chance(0.7))
    yield* orders.wake(id)
  }
})

const cancels = Effect.fnUntraced(function* (userId: UserId, id: OrderId) {
  const orders = yield* Orders
  yield* Effect.sleep(yield* Random.nextIntBetween(0, 60_000))
  const { version } = yield* orders.find(userId, id)
  return Exit.isSuccess(yield* Effect.exit(orders.cancel(userId, `cancel-${id}`, { id, version })))
})

const givesBack = Effect.fnUntraced(function* (userId: UserId, id: OrderId) {
  const orders = yield* Orders
  yield* Effect.sleep(yield* Random.nextIntBetween(10_000, 100_000))
  const { total } = yield* orders.find(userId, id)
  const amounts = [total, Math.floor(total / 3), Math.floor(total / 2)]
  const asked = yield* Effect.forEach(amounts, (amountCents, n) =>
    Effect.map(
      Effect.exit(orders.refund(UserId.make("usr_operator"), `refund-${id}-${n}`, { id, amountCents })),
      (exit) => (Exit.isSuccess(exit) ? amountCents : 0)
    )
  )
  return asked.reduce((sum, one) => sum + one, 0)
})

const buys = Effect.fnUntraced(function* (n: number, skus: ReadonlyArray<Sku>) {
  const orders = yield* Orders
  const userId = UserId.make(`usr_${n % 20}`)
  const method = yield* Random.next
  const paymentMethod =
    method < customers.approves
      ? "pm_card_visa"
      : method < customers.refused
        ? "pm_card_chargeDeclined"
        : "pm_card_authenticationRequired"
  const [sku, quantity] = [yield* pick(skus), yield* Random.nextIntBetween(1, 6)]
  const cart: Cart = { lines: [{ sku, quantity }], paymentMethod }
  yield* Effect.sleep(yield* Random.nextIntBetween(0, badMillis))
  const times = (yield* chance(0.2)) ? 3 : 1
  const answers = yield* Effect.all(
    Array.makeBy(times, () => Effect.map(orders.place(userId, `order-${n}`, cart), ({ orderId }) => orderId)),
    { concurrency: "unbounded" }
  )
  const id = answers[0] as OrderId
  const acts = yield* Effect.forkChild(customerActs(userId, id))
  const refunds = (yield* chance(0.2)) ? Option.some(yield* Effect.forkChild(givesBack(userId, id))) : Option.none()
  const cancelled = (yield* chance(0.2)) ? yield* cancels(userId, id) : false
  const refundsAskedCents = Option.isSome(refunds) ? yield* Fiber.join(refunds.value) : 0
  yield* Fiber.join(acts)
  return { id, userId, sku, quantity, answers, cancelled, refundsAskedCents } satisfies Bought
})

/** The whole day; `judge` looks at what is left when it is over. */
export const day = <A, E>(
  seed: string,
  keeper: SagaRecord["keeper"],
  judge: (
    bought: ReadonlyArray<Bought>,
    skus: ReadonlyArray<Sku>
  ) => Effect.Effect<A, E, Orders | Catalog | PaymentsMemory>
) => {
  let bad = true
  const shop = shopWithoutWorkers(faults(() => bad))
  const withGoods =
    keeper === "here"
      ? shop
      : Layer.provideMerge(
          shop,
          stockFaults(() => bad)
        )
  return Effect.gen(function* () {
    const skus = Array.makeBy(goods, (n) => Sku.make(`SIM-${n}`))
    const price = { amount: priceCents, currency: "CHF" }
    yield* (yield* Catalog).importProducts(skus.map((sku) => ({ sku, name: sku, description: "", price, received })))
    for (const sku of skus) yield* receivedElsewhere(sku, received)
    yield* Effect.forkScoped(workers)
    yield* Effect.forkScoped(workers)
    const buyers = yield* Effect.forkChild(
      Effect.forEach(Array.range(1, ordersAShop), (n) => buys(n, skus), { concurrency: "unbounded" })
    )
    yield* TestClock.adjust(badMillis)
    bad = false
    yield* TestClock.adjust("13 minutes")
    if (keeper === "elsewhere") yield* TestClock.adjust(leasesEnd)
    return yield* judge(yield* Fiber.join(buyers), skus)
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.provideMerge(withGoods, TestClock.layer())),
    // Half of what a step costs here would be spans that nobody looks at.
    Effect.withTracerEnabled(false),
    Random.withSeed(seed)
  )
}

export { received }
