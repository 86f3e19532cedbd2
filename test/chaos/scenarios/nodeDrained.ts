/** Two nodes are replaced, one after the other, as in a deployment: nobody notices, and nobody has to ask twice. */
import { Effect } from "effect"
import type { Environment } from "../../main/process.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { Node } from "../node.ts"

/** The proxy looks ten times a second; the next node is told to stop when it surely knows of this one. */
const tenLooks = "1 second"

/** The exit code has to be 0. What is given takes the place of what the node had. */
export const replaced = (node: Node, env?: Environment) =>
  Effect.gen(function* () {
    yield* node.signal("SIGTERM")
    const code = yield* node.ended
    yield* node.start(env)
    yield* Effect.sleep(tenLooks)
    return code === 0 ? [] : [`a node that was told to stop ended with ${code}`]
  })

export const nodeDrained: Scenario = {
  name: "node-drained",
  group: "process",
  says: "two nodes are told to stop (SIGTERM) and replaced, one after the other",
  seconds: 15,
  ordersPerSecond: 6,
  nodes: 2,
  asksAgain: false,
  // The proxy is given ten looks.
  env: { SHUTDOWN_DELAY: "1 second" },
  // A node that drains says that it is not ready; that is how the proxy knows.
  promised: { orders: 1, reads: 1, served: { ready: 0 }, recoverySeconds: 0, drainSeconds: 5 },
  harm: ({ nodes }): Effect.Effect<Found> =>
    Effect.map(
      Effect.forEach(nodes, (node) => replaced(node)),
      (breaches) => ({ notes: [], breaches: breaches.flat() })
    )
}
