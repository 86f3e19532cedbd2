/** The stock keeper's contract in memory. */
import { Effect, Layer } from "effect"
import { InventoryMemory, InventoryShelves } from "../../../src/dependencies/inventory/InventoryMemory.ts"
import { Backstage, inventoryContract } from "./contract.ts"

const backstage = Layer.effect(
  Backstage,
  Effect.map(InventoryShelves, (shelves) => ({
    receive: (sku, received) => Effect.sync(() => shelves.receive(sku, received)),
    order: () => Effect.void,
    expire: (orderId) => Effect.sync(() => shelves.expire(orderId)),
    shelf: (sku) => Effect.sync(() => shelves.shelf(sku) ?? { onHand: 0, reserved: 0, committed: 0 })
  }))
)

inventoryContract("in memory", Layer.provideMerge(backstage, InventoryMemory.layer))
