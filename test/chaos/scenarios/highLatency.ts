/** The database and the providers are far away: whatever is said arrives a fifth of a second later, each way. */
import { Duration, Effect } from "effect"
import type { WireFault } from "../FaultProxy.ts"
import type { Scenario } from "../Scenario.ts"

const eachWayMillis = 200

export const highLatency: Scenario = {
  name: "high-latency",
  group: "network",
  says: "200 ms each way to PostgreSQL and to the providers",
  seconds: 15,
  // A transaction takes two seconds and more then, and the ten connections of the pool wait for the network.
  ordersPerSecond: 1,
  promised: {
    orders: 0,
    reads: 0,
    accounts: 0,
    served: { catalogue: 0.99, stock: 0.99 },
    recoverySeconds: 5,
    drainSeconds: 60
  },
  harm: ({ postgres, provider }, seconds) =>
    Effect.gen(function* () {
      const set = (fault: WireFault) => Effect.andThen(postgres.wire.set(fault), provider.wire.set(fault))
      yield* set({ _tag: "Slow", millis: eachWayMillis })
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* set({ _tag: "None" })
    })
}
