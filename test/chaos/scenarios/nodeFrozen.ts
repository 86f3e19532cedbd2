/**
 * One of two nodes stands still for longer than its leases last, with orders in its hands, and then goes on as if nothing
 * had been. The other node has taken its work; what the first one writes for it is refused.
 */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"

/** An order is with the provider this long, so that some are when the node stops. */
const providerMillis = 700
/** Lines of the old holder's, about work that is another's by now. */
const refused = /another|lease|not settled/i

export const nodeFrozen: Scenario = {
  name: "node-frozen",
  group: "process",
  says: "one of two nodes stands still (SIGSTOP) for longer than its leases last, and goes on",
  // A lease lasts 15.
  seconds: 20,
  ordersPerSecond: 5,
  nodes: 2,
  // Who is with the node when it stops waits in vain, until the proxy has seen that it does not answer: two seconds.
  promised: {
    orders: 0.85,
    wellFormed: 0.85,
    reads: 0.85,
    served: { live: 0.85, ready: 0.85 },
    recoverySeconds: 5,
    drainSeconds: 30
  },
  harm: ({ nodes: [, second], provider }, seconds) =>
    second === undefined
      ? Effect.void
      : Effect.gen(function* () {
          yield* provider.fault({ mode: "latency", path: "/v1/", ms: providerMillis })
          yield* Effect.sleep("2 seconds")
          yield* second.signal("SIGSTOP")
          yield* Effect.sleep(Duration.seconds(seconds))
          yield* second.signal("SIGCONT")
        }),
  examine: ({ nodes: [, second] }) =>
    Effect.map(second?.lines ?? Effect.succeed([]), (lines) => {
      const told = lines.filter(({ message }) => refused.test(message)).length
      return {
        notes: [`the node that went on was refused ${told} writes for work that was another's by then`],
        breaches: told === 0 ? ["nothing was refused: the node held no work when it stopped"] : []
      }
    })
}
