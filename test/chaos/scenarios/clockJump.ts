/** Somebody sets the node's clock to 25 minutes later, back, 25 minutes earlier, and back: nothing ends sooner, or later. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"

const jumps = 4

export const clockJump: Scenario = {
  name: "clock-jump",
  group: "process",
  says: "the clock of the node's machine jumps 25 minutes ahead, back, 25 minutes behind, and back",
  seconds: 16,
  ordersPerSecond: 5,
  env: { NODE_OPTIONS: `--import=${new URL("../shiftedClock.ts", import.meta.url).href}` },
  promised: {
    orders: 0.99,
    reads: 0.99,
    unaffected: ["order", "catalogue", "stock", "own order"],
    recoverySeconds: 2,
    drainSeconds: 15
  },
  harm: ({ nodes: [node] }, seconds) =>
    Effect.replicateEffect(
      Effect.andThen(node.signal("SIGUSR2"), Effect.sleep(Duration.seconds(seconds / jumps))),
      jumps,
      { discard: true }
    )
}
