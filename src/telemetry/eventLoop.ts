/**
 * How late the event loop is, how busy, and what the garbage collector takes of it.
 *
 * Lag and utilisation are told for a window that ends with the scrape that asks and begins with the scrape before: no
 * moment is told twice, and none is left out but the tick of the scrape itself. Whoever scrapes within the same second is
 * told the same.
 */
import { monitorEventLoopDelay, performance, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks"
import { Clock, Effect, type Scope } from "effect"
import type { DistributionReading, Reading } from "./readings.ts"

/** The monitor measures a timer's whole interval: what is above its resolution is lag. */
const resolutionMillis = 10
/** Several metrics of one scrape, and scrapes of the same moment, are one window. */
const windowAtLeastMillis = 1_000

const lagOf = (nanos: number): number => Math.max(0, nanos / 1e9 - resolutionMillis / 1000)

export const eventLoopReadings: Effect.Effect<ReadonlyArray<Reading>, never, Scope.Scope> = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const monitor = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const started = monitorEventLoopDelay({ resolution: resolutionMillis })
      started.enable()
      return started
    }),
    (started) => Effect.sync(() => started.disable())
  )
  let used = performance.eventLoopUtilization()
  let endedMillis = -Infinity
  let last = { p50: 0, p99: 0, max: 0, utilization: 0 }
  const inWindow = () => {
    const now = Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    if (now - endedMillis < windowAtLeastMillis) return last
    endedMillis = now
    const before = used
    used = performance.eventLoopUtilization()
    last = {
      p50: lagOf(monitor.percentile(50)),
      p99: lagOf(monitor.percentile(99)),
      max: lagOf(monitor.max),
      utilization: performance.eventLoopUtilization(used, before).utilization
    }
    monitor.reset()
    return last
  }
  const gauge = (name: string, description: string, of: keyof typeof last): Reading => ({
    type: "gauge",
    name,
    description,
    read: () => inWindow()[of]
  })
  return [
    gauge("nodejs_eventloop_lag_p50_seconds", "Median lag of the event loop since the scrape before", "p50"),
    gauge("nodejs_eventloop_lag_p99_seconds", "99th percentile of the event loop's lag since the scrape before", "p99"),
    gauge("nodejs_eventloop_lag_max_seconds", "Longest lag of the event loop since the scrape before", "max"),
    gauge(
      "nodejs_eventloop_utilization_ratio",
      "Share of the time since the scrape before that it worked",
      "utilization"
    )
  ]
})

/** By Node's number for the kind of collection. */
const kinds = new Map([
  [1, "minor"],
  [2, "minor"],
  [4, "major"],
  [8, "incremental"],
  [16, "weakcb"]
])
/** Seconds: collections take from less than a millisecond to seconds in a heap that is full. */
const pauses = [0.001, 0.01, 0.1, 1, 5]

/** Each kind of collection, its pauses in seconds. */
export const collectorReadings: Effect.Effect<ReadonlyArray<DistributionReading>, never, Scope.Scope> = Effect.gen(
  function* () {
    const none = () => ({ boundaries: pauses, counts: Array.from({ length: pauses.length + 1 }, () => 0), sum: 0 })
    const taken = new Map([...kinds.values()].map((kind) => [kind, none()]))
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const observer = new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            const { detail, duration } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }
            const pause = taken.get(kinds.get(detail?.kind ?? 0) ?? "")
            if (pause === undefined) continue
            const seconds = duration / 1000
            const bucket = pauses.findIndex((boundary) => seconds <= boundary)
            const index = bucket < 0 ? pauses.length : bucket
            pause.counts[index] = (pause.counts[index] ?? 0) + 1
            pause.sum += seconds
          }
        })
        observer.observe({ entryTypes: ["gc"] })
        return observer
      }),
      (observer) => Effect.sync(() => observer.disconnect())
    )
    return [...taken].map(([kind, pause]): DistributionReading => ({
      type: "histogram",
      name: "nodejs_gc_duration_seconds",
      description: "Pauses of the garbage collector, by kind",
      attributes: { kind },
      read: () => pause
    }))
  }
)
