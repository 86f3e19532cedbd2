/** All metrics of this node in Prometheus' text format, from memory: it answers with everything else down. */
import type { Effect } from "effect"
import { PrometheusMetrics } from "effect/observability"

export const scrapeContentType = "text/plain; version=0.0.4; charset=utf-8"

export const scrape: Effect.Effect<string> = PrometheusMetrics.format()
