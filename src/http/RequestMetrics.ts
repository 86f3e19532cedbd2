/**
 * How many requests, how long they took, and how they ended: by method, route and status, under OpenTelemetry's names.
 *
 * `mode` is `degraded` where the answer was a substitute: a last good value, a guess, or custody instead of a decision.
 * Problems are counted by their code, and told by their fingerprint (code, route, dependency) with when each was seen first
 * and last. A request pays for two look-ups and an addition; everything else is done at the scrape. Labels are bounded:
 * routes are the contract's, and methods that HTTP does not know are `_OTHER`.
 */
import { Clock, Context, Effect, Layer } from "effect"
import { openReadings } from "../telemetry/readings.ts"
import type { Told } from "./CurrentRequest.ts"

interface Ended {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
  readonly told: Told
}

export interface RequestCounting {
  /** A request has begun; at its end its answer is told. */
  readonly begun: () => (ended: Ended) => void
}

/** Nobody counts unless a layer says otherwise: the operators' own requests are not the shop's. */
export const RequestMetrics = Context.Reference<RequestCounting>("holdfast/http/RequestMetrics", {
  defaultValue: () => ({ begun: () => () => {} })
})

/** Seconds: a health probe, a read, an order, a request that waits for its outcome. */
const boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
/** Routes times codes are some hundreds; more than this would be a mistake, and is told as one series. */
const mostFingerprints = 500

interface Series {
  readonly boundaries: ReadonlyArray<number>
  readonly counts: Float64Array
  sum: number
}
interface Fingerprint {
  count: number
  readonly firstMillis: number
  lastMillis: number
}

const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const show = yield* openReadings
  const durations = new Map<string, Series>()
  const fingerprints = new Map<string, Fingerprint>()
  let active = 0
  show({
    type: "gauge",
    name: "http_server_active_requests",
    description: "Requests that are not answered yet, those that wait for an outcome included",
    read: () => active
  })

  const seriesOf = ({ method, route, status, told }: Ended): Series => {
    const known = methods.has(method) ? method : "_OTHER"
    const mode = told.degraded ? "degraded" : "normal"
    const key = `${known} ${route} ${status} ${mode}`
    const found = durations.get(key)
    if (found !== undefined) return found
    const series = { boundaries, counts: new Float64Array(boundaries.length + 1), sum: 0 }
    durations.set(key, series)
    show({
      type: "histogram",
      name: "http_server_request_duration_seconds",
      description: "From a request's head to its answer's, by method, route, status and mode",
      attributes: {
        "http.request.method": known,
        "http.route": route,
        "http.response.status_code": String(status),
        mode
      },
      read: () => series
    })
    return series
  }

  const failed = (code: string, route: string, dependency: string) => {
    const now = clock.currentTimeMillisUnsafe()
    const full = fingerprints.size >= mostFingerprints
    const attributes = { code, "http.route": route, dependency }
    const key = JSON.stringify(attributes)
    const found = fingerprints.get(key) ?? (full ? fingerprints.get(others) : undefined)
    if (found !== undefined) {
      found.count += 1
      found.lastMillis = now
      return
    }
    const one: Fingerprint = { count: 1, firstMillis: now, lastMillis: now }
    fingerprints.set(full ? others : key, one)
    const named = full ? { code: others, "http.route": others, dependency: others } : attributes
    show({
      type: "counter",
      name: "holdfast_errors_total",
      description: "Problems that were answered, by code, route and dependency",
      attributes: named,
      read: () => one.count
    })
    show({
      type: "gauge",
      name: "holdfast_error_first_seen_timestamp_seconds",
      description: "When this node first answered with the problem, in seconds since 1970",
      attributes: named,
      read: () => one.firstMillis / 1000
    })
    show({
      type: "gauge",
      name: "holdfast_error_last_seen_timestamp_seconds",
      description: "When this node last answered with the problem, in seconds since 1970",
      attributes: named,
      read: () => one.lastMillis / 1000
    })
  }

  const counting: RequestCounting = {
    begun: () => {
      active += 1
      return (ended) => {
        active -= 1
        const series = seriesOf(ended)
        let bucket = 0
        while (bucket < boundaries.length && ended.seconds > (boundaries[bucket] ?? 0)) bucket += 1
        series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
        series.sum += ended.seconds
        const { code, dependency } = ended.told
        if (code !== undefined) failed(code, ended.route, dependency ?? "")
      }
    }
  }
  return counting
})

const others = "_OTHER"

export const requestMetrics = Layer.effect(RequestMetrics, make)
