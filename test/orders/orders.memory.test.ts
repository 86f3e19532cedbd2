/** The orders' contract on maps: the shop in memory, as `holdfast/testing` gives it. */
import { Shop } from "../../src/testing/index.ts"
import { ordersContract } from "./contract.ts"
import { shopInMemory } from "./shops.ts"
import { wishesContract } from "./wishes.ts"

ordersContract("in memory", Shop.layerMemory)
wishesContract("in memory", shopInMemory)
