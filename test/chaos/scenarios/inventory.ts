/**
 * The goods are kept elsewhere, and whoever keeps them fails. Orders are taken (202) and wait; nobody is charged before
 * the goods are reserved; what is known of the stock is shown, with its age. In the end each sold unit is gone, once.
 */
import { Effect } from "effect"
import { inventoryPolicy } from "../../../src/dependencies/inventory/policy.ts"
import type { Fault } from "../../../src/sandbox/fault.ts"
import { amplification } from "../amplification.ts"
import { circuitOf } from "../circuits.ts"
import { gathered } from "../found.ts"
import { goodsBreaches } from "../goods.ts"
import { played } from "../played.ts"
import type { Scenario } from "../Scenario.ts"

const path = "/inventory/"

const keptElsewhere = (name: string, says: string, faults: ReadonlyArray<Omit<Fault, "path">>): Scenario => ({
  name: `inventory-${name}`,
  group: "providers",
  says: `the goods are kept elsewhere, and who keeps them ${says}`,
  seconds: 12,
  ordersPerSecond: 4,
  goodsElsewhere: true,
  promised: {
    orders: 0.999,
    reads: 0.999,
    unaffected: ["order", "own order"],
    recoverySeconds: 2,
    drainSeconds: 60
  },
  harm: played(faults.map((fault) => ({ ...fault, path }))),
  examine: ({ nodes: [node], provider }, window) =>
    Effect.gen(function* () {
      const calls = amplification(yield* provider.traffic, "inventory", window)
      const circuit = yield* circuitOf(node, "inventory", inventoryPolicy, window)
      return gathered(calls, circuit, { notes: [], breaches: yield* goodsBreaches(provider) })
    }).pipe(Effect.orDie)
})

export const inventoryScenarios: ReadonlyArray<Scenario> = [
  keptElsewhere("down", "answers 500, then resets every connection", [
    { mode: "status", status: 500 },
    { mode: "reset_before" }
  ]),
  keptElsewhere("slow", "takes three seconds for everything", [{ mode: "latency", ms: 3000 }]),
  keptElsewhere("garbage", "answers half a JSON, nothing, or a proxy's page", [
    { mode: "garbage" },
    { mode: "empty" },
    { mode: "html" }
  ])
]
