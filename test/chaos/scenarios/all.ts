/** Every scenario of `npm run chaos`, in the order in which they run. */
import type { Scenario } from "../Scenario.ts"
import { chargesTimeOut } from "./chargesTimeOut.ts"
import { databaseBlackHole } from "./databaseBlackHole.ts"
import { databaseDown } from "./databaseDown.ts"
import { databaseKilled } from "./databaseKilled.ts"
import { nodeKilled } from "./nodeKilled.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  databaseDown,
  databaseKilled,
  databaseBlackHole,
  chargesTimeOut,
  nodeKilled
]
