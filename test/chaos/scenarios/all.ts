/** Every scenario of `npm run chaos`, in the order in which they run. */
import type { Scenario } from "../Scenario.ts"
import { chargesTimeOut } from "./chargesTimeOut.ts"
import { nodeKilled } from "./nodeKilled.ts"
import { postgresKilled } from "./postgresKilled.ts"
import { postgresSilent } from "./postgresSilent.ts"

export const scenarios: ReadonlyArray<Scenario> = [chargesTimeOut, nodeKilled, postgresKilled, postgresSilent]
