/**
 * The node is cut off from everything that it needs, and nobody is told: first nothing that it says arrives, then nothing
 * arrives that it is told, then neither.
 */
import { Duration, Effect } from "effect"
import type { WireFault } from "../FaultProxy.ts"
import type { Scenario } from "../Scenario.ts"
import { withoutAnswers } from "./outage.ts"

const cuts: ReadonlyArray<WireFault> = [
  { _tag: "Silent", towards: "server" },
  { _tag: "Silent", towards: "client" },
  { _tag: "Silent" }
]

export const networkPartition: Scenario = {
  name: "network-partition",
  group: "network",
  says: "the node is cut off from PostgreSQL and the providers: in each direction, then in both",
  seconds: 18,
  ordersPerSecond: 5,
  promised: { ...withoutAnswers, recoverySeconds: 10 },
  harm: ({ postgres, provider }, seconds) =>
    Effect.gen(function* () {
      const set = (fault: WireFault) => Effect.andThen(postgres.wire.set(fault), provider.wire.set(fault))
      for (const cut of cuts) {
        yield* set(cut)
        yield* Effect.sleep(Duration.seconds(seconds / cuts.length))
      }
      yield* set({ _tag: "None" })
    })
}
