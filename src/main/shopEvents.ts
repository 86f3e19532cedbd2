/** What happens in the shop, counted where analytics is told of it: after it is durable, whether or not anybody else counts. */
import { Effect, Layer, Metric } from "effect"
import { Analytics } from "../dependencies/analytics/Analytics.ts"

const events = Metric.counter("holdfast_shop_events_total", {
  description:
    "What became of orders and accounts on this node: placed, confirmed, captured, failed, signed up and so on",
  incremental: true
})

export const shopEvents = Layer.effect(
  Analytics,
  Effect.map(Analytics, ({ track }) => ({
    track: (event) =>
      Effect.andThen(Metric.update(Metric.withAttributes(events, { event: event.name }), 1), track(event))
  }))
)
