/** A secret that is replaced while writes wait: the contract, in memory and on real PostgreSQL. */
import { rotationContract } from "./rotation.ts"
import { deferringInMemory, deferringInPostgres } from "./shop.ts"

rotationContract("in memory", deferringInMemory)
rotationContract("in PostgreSQL", deferringInPostgres)
