/** What operators have switched off, as metrics: features too, and dependencies that this node does not call itself. */
import { Clock, Effect, Layer } from "effect"
import { KillSwitches } from "../resilience/index.ts"
import { registerReadings } from "../telemetry/readings.ts"
import { switchable } from "./switchboard.ts"

export const switchMetrics = Layer.effectDiscard(
  Effect.gen(function* () {
    const switches = yield* KillSwitches
    const clock = yield* Clock.Clock
    yield* registerReadings(
      switchable.map(({ name, of }) => ({
        type: "gauge",
        name: "holdfast_switched_off",
        description: "1 while an operator has a feature or a dependency off",
        attributes: { name, of },
        read: () => (switches.active(name, clock.currentTimeMillisUnsafe()).some(({ kind }) => kind === "off") ? 1 : 0)
      }))
    )
  })
)
