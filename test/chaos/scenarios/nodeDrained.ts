/** Two nodes are replaced, one after the other, as in a deployment: nobody notices, and nobody has to ask twice. */
import { Effect } from "effect"
import type { Found, Scenario } from "../Scenario.ts"
import type { Node } from "../node.ts"

const replaced = (node: Node) =>
  Effect.gen(function* () {
    yield* node.signal("SIGTERM")
    const code = yield* node.ended
    yield* node.start()
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
  // The proxy looks ten times a second, and is given ten looks.
  env: { SHUTDOWN_DELAY: "1 second" },
  // A node that drains says that it is not ready; that is how the proxy knows.
  promised: { orders: 1, reads: 1, served: { ready: 0 }, recoverySeconds: 0, drainSeconds: 5 },
  harm: ({ nodes }): Effect.Effect<Found> =>
    Effect.map(Effect.forEach(nodes, replaced), (breaches) => ({ notes: [], breaches: breaches.flat() }))
}
