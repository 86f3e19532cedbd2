/** The orders' contract on maps: the shop in memory, as `holdfast/testing` gives it. */
import { Shop } from "../../src/testing/index.ts"
import { ordersContract } from "./contract.ts"

ordersContract("in memory", Shop.layerMemory)
