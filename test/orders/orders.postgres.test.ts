/** The orders' contract on real PostgreSQL: its locks, its constraints, its clock, with a worker on the real queue. */
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { ordersContract } from "./contract.ts"
import { shopInPostgres } from "./shops.ts"
import { wishesContract } from "./wishes.ts"

ordersContract("in PostgreSQL", shopInPostgres(PaymentsMemory.layer))
wishesContract("in PostgreSQL", shopInPostgres)
