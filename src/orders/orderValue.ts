/** What orders come to, counted as they are placed: with their number it says what a basket is worth. */
import { type Effect, Metric } from "effect"
import type { Price } from "./pricing.ts"

const value = Metric.counter("holdfast_order_value_minor_units_total", {
  description: "What the orders that were placed come to, by currency",
  incremental: true
})

export const countValue = ({ currency, totalCents }: Price): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(value, { currency }), totalCents)
