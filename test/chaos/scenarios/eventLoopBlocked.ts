/** The process stands still for a while, again and again, as one does that computes: what waits is late, not lost. */
import { Duration, Effect, Schedule } from "effect"
import type { Scenario } from "../Scenario.ts"

const [stopMillis, goMillis] = [2_000, 3_000]

export const eventLoopBlocked: Scenario = {
  name: "event-loop-blocked",
  group: "process",
  says: "the process stands still for two seconds, every five",
  seconds: 15,
  ordersPerSecond: 5,
  // A read has a second: two of five seconds of them come too late.
  promised: {
    orders: 0.9,
    wellFormed: 0.5,
    reads: 0.5,
    served: { live: 0.5, ready: 0.5 },
    recoverySeconds: 3,
    drainSeconds: 20
  },
  harm: ({ nodes: [node] }, seconds) =>
    Effect.gen(function* () {
      yield* node.signal("SIGSTOP")
      yield* Effect.sleep(Duration.millis(stopMillis))
      yield* node.signal("SIGCONT")
      yield* Effect.sleep(Duration.millis(goMillis))
    }).pipe(
      Effect.repeat(
        Schedule.upTo(Schedule.forever, {
          times: Math.max(0, Math.floor((seconds * 1000) / (stopMillis + goMillis)) - 1)
        })
      ),
      Effect.asVoid
    )
}
