/** Deferred orders in memory keep the contract. */
import { deferredOrdersContract } from "./contract.ts"
import { deferringInMemory } from "./shop.ts"

deferredOrdersContract("in memory", deferringInMemory)
