/** The orders' contract on maps: the shop in memory, as `holdfast/testing` gives it; and with its goods kept elsewhere. */
import { Layer } from "effect"
import { InventoryMemory } from "../../src/dependencies/inventory/InventoryMemory.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { Shop } from "../../src/testing/index.ts"
import { ordersContract } from "./contract.ts"
import { shopInMemory } from "./shops.ts"
import { wishesContract } from "./wishes.ts"

ordersContract("in memory", Shop.layerMemory)
wishesContract("in memory", shopInMemory)
ordersContract(
  "in memory, with goods elsewhere",
  Layer.provideMerge(shopInMemory(PaymentsMemory.layer), InventoryMemory.layer)
)
wishesContract("in memory, with goods elsewhere", (payments) =>
  Layer.provideMerge(shopInMemory(payments), InventoryMemory.layer)
)
