/** The spool in memory keeps the contract. */
import { Spool } from "../../../src/jobs/spool/Spool.ts"
import { spoolContract } from "./contract.ts"

spoolContract("in memory", Spool.layerMemoryWith)
