/**
 * The orders' contract on real PostgreSQL: its locks, its constraints, its clock, with a worker on the real queue; and
 * with goods that are kept elsewhere.
 */
import { Layer } from "effect"
import { InventoryMemory } from "../../src/dependencies/inventory/InventoryMemory.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { ordersContract } from "./contract.ts"
import { shopInPostgres } from "./shops.ts"
import { wishesContract } from "./wishes.ts"

ordersContract("in PostgreSQL", shopInPostgres(PaymentsMemory.layer))
wishesContract("in PostgreSQL", shopInPostgres)
ordersContract(
  "in PostgreSQL, with goods elsewhere",
  Layer.provideMerge(shopInPostgres(PaymentsMemory.layer), InventoryMemory.layer)
)
wishesContract("in PostgreSQL, with goods elsewhere", (payments) =>
  Layer.provideMerge(shopInPostgres(payments), InventoryMemory.layer)
)
