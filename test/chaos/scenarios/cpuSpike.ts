/** A neighbour takes most of the machine: the shop is slow, refuses early what it cannot do, and loses nothing. */
import { spawn } from "node:child_process"
import * as os from "node:os"
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"

/**
 * A busy process of nice 3 weighs 526 and one of the shop's 1024, so eight of them a core leave it a fifth:
 * 1024 / (1024 + 8 x 526).
 */
const [burnersPerCore, nice] = [8, "3"]

const burner = Effect.acquireRelease(
  Effect.sync(() => spawn("nice", ["-n", nice, "sh", "-c", "while :; do :; done"], { stdio: "ignore" })),
  (child) => Effect.sync(() => void child.kill("SIGKILL"))
)

export const cpuSpike: Scenario = {
  name: "cpu-spike",
  group: "process",
  says: "a neighbour takes all but a fifth of the processors",
  seconds: 12,
  ordersPerSecond: 5,
  promised: {
    orders: 0.9,
    wellFormed: 0.99,
    reads: 0.8,
    served: { live: 0.95, ready: 0.95 },
    recoverySeconds: 5,
    drainSeconds: 30
  },
  harm: (_, seconds) =>
    Effect.andThen(
      Effect.replicateEffect(burner, os.availableParallelism() * burnersPerCore),
      Effect.sleep(Duration.seconds(seconds))
    ).pipe(Effect.asVoid),
  examine: ({ nodes: [node] }) =>
    Effect.map(node.lines, (lines) => {
      const starts = lines.filter(({ message }) => message === "ready").length
      return { notes: [], breaches: starts === 1 ? [] : ["the node did not live through it"] }
    })
}
