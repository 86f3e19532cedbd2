/** Analytics in memory: what was tracked, for tests to look at. */
import { Context, Effect, Layer } from "effect"
import { Analytics, type AnalyticsEvent } from "./Analytics.ts"

/** Everything that was tracked, oldest first. */
export class Tracked extends Context.Service<Tracked, Array<AnalyticsEvent>>()(
  "holdfast/dependencies/analytics/Tracked"
) {}

export const AnalyticsMemory = {
  layer: Layer.effectContext(
    Effect.sync(() => {
      const tracked: Array<AnalyticsEvent> = []
      const track = (event: AnalyticsEvent) => Effect.sync(() => void tracked.push(event))
      return Context.make(Tracked, tracked).pipe(Context.add(Analytics, { track }))
    })
  )
}
