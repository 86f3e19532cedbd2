/** What the shop's calls to the database have come to, and its pool, as metrics. Operators' calls are not in it. */
import type { Outcome } from "../resilience/index.ts"
import type { Reading } from "../telemetry/readings.ts"
import type { CallTally } from "./callTally.ts"

export const poolReadings = (tally: CallTally, size: number): ReadonlyArray<Reading> => {
  const now = () => tally.counted()
  const outcomes = Object.keys(now().outcomes) as ReadonlyArray<Outcome>
  const gauge = (part: string, description: string, read: () => number): Reading => ({
    type: "gauge",
    name: `holdfast_database_pool_${part}`,
    description,
    read
  })
  const counter = (part: string, description: string, read: () => number, attributes = {}): Reading => ({
    type: "counter",
    name: `holdfast_database_${part}_total`,
    description,
    attributes,
    read
  })
  return [
    gauge("size", "Connections that there may be", () => size),
    gauge("in_use", "Calls that have a connection", () => now().inFlight),
    gauge("waiting", "Calls that wait for a connection", () => now().waiting),
    ...outcomes.map((outcome) =>
      counter("calls", "Calls that have ended, each under one outcome", () => now().outcomes[outcome], { outcome })
    ),
    counter("attempts", "Attempts that were started", () => now().attempts),
    counter("retries", "Attempts after a collision of transactions", () => now().retries),
    counter("timeouts", "Calls that took too long", () => now().timeouts),
    ...(["deadlock", "serialization"] as const).map((kind) =>
      counter("collisions", "Transactions that another was in the way of", () => tally.collisions[kind], { kind })
    )
  ]
}
