/** One of two nodes is killed again and again, and started again each time. Whoever asks is sent to the other one. */
import { Duration, Effect } from "effect"
import type { Scenario } from "../Scenario.ts"

const awaySeconds = 3

export const nodeKilled: Scenario = {
  name: "node-killed",
  group: "process",
  says: "one of two nodes is killed (kill -9), over and over",
  seconds: 20,
  ordersPerSecond: 6,
  nodes: 2,
  // A killed worker's leases last 15 seconds; what it held goes on then.
  promised: { orders: 0.99, reads: 0.99, recoverySeconds: 1, drainSeconds: 45 },
  harm: ({ nodes: [, second] }, seconds) =>
    second === undefined
      ? Effect.void
      : Effect.gen(function* () {
          yield* second.kill
          yield* Effect.sleep(Duration.seconds(awaySeconds))
          yield* second.start()
          yield* Effect.sleep(Duration.seconds(awaySeconds))
        }).pipe(
          Effect.forever,
          Effect.timeoutOption(Duration.seconds(seconds)),
          Effect.andThen(Effect.andThen(second.kill, second.start()))
        )
}
