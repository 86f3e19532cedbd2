/** How much is left of some goods, wherever they are kept: here, or with the stock keeper in memory, if the test has one. */
import { Clock, Effect, Option } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import type { Sku } from "../../src/catalog/Product.ts"
import { InventoryShelves } from "../../src/dependencies/inventory/InventoryMemory.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { orderQueue } from "../../src/orders/OrderStore.ts"

/** So many of it ever arrived there. */
export const receivedElsewhere = (sku: Sku, received: number) =>
  Effect.map(
    Effect.serviceOption(InventoryShelves),
    Option.map((shelves) => shelves.receive(sku, received))
  )

/** A stock keeper hears of an end after everybody else: waits until no order has anything to do at once. */
const goodsMoved = Effect.gen(function* () {
  const jobs = yield* Effect.serviceOption(Jobs)
  if (Option.isNone(jobs)) return
  yield* Effect.repeat(jobs.value.queues, {
    until: (queues) => queues.every(({ queue, ready, running }) => queue !== orderQueue || ready + running === 0)
  })
})

export const availableOf = Effect.fnUntraced(function* (sku: Sku) {
  const shelves = yield* Effect.serviceOption(InventoryShelves)
  if (Option.isSome(shelves)) {
    yield* goodsMoved
    return shelves.value.available(sku, yield* Clock.currentTimeMillis)
  }
  const catalog = yield* Catalog
  const { products } = yield* catalog.list({ limit: 100 })
  const product = products.find((known) => known.sku === sku)
  return product === undefined ? undefined : (yield* catalog.stockLevel(product.id)).available
})
