/** Answers a scrape. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { scrape } from "../../telemetry/scrape.ts"
import { OpsApi } from "./OpsApi.ts"

export const metricsHandlers = HttpApiBuilder.group(
  OpsApi,
  "metrics",
  Effect.fn(function* (handlers) {
    return handlers.handleAll({ scrape: () => scrape })
  })
)
