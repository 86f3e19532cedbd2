/** For tests of a shop whose goods may be kept elsewhere; where they are not, nothing here does anything. */
import { Clock, Effect, Option } from "effect"
import { InventoryShelves } from "../../src/dependencies/inventory/InventoryMemory.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { orderQueue } from "../../src/orders/OrderStore.ts"

/** So many of it ever arrived there. */
export const receivedElsewhere = (sku: string, received: number) =>
  Effect.map(
    Effect.serviceOption(InventoryShelves),
    Option.map((shelves) => shelves.receive(sku, received))
  )

/** How many are left there; none where goods are not kept elsewhere. */
export const leftElsewhere = (sku: string) =>
  Effect.gen(function* () {
    const shelves = yield* Effect.serviceOption(InventoryShelves)
    const now = yield* Clock.currentTimeMillis
    return Option.map(shelves, (kept) => kept.available(sku, now))
  })

/** The stock keeper hears of an end after everybody else: waits until no order has anything to do at once. */
export const goodsMoved = Effect.gen(function* () {
  const [shelves, jobs] = [yield* Effect.serviceOption(InventoryShelves), yield* Effect.serviceOption(Jobs)]
  if (Option.isNone(shelves) || Option.isNone(jobs)) return
  yield* Effect.repeat(jobs.value.queues, {
    until: (queues) => queues.every(({ queue, ready, running }) => queue !== orderQueue || ready + running === 0)
  })
})
