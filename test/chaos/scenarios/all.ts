/** Every scenario of `npm run chaos`, in the order in which they run. */
import type { Scenario } from "../Scenario.ts"
import { chargesTimeOut } from "./chargesTimeOut.ts"

export const scenarios: ReadonlyArray<Scenario> = [chargesTimeOut]
