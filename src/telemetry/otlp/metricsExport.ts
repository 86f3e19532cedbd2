/**
 * Metrics to the collector: Effect's own exporter makes the snapshots, and hands them to this node's bounded outbox.
 *
 * Totals are cumulative, so a snapshot replaces those before it: few are kept, and an outage loses nothing but its curve.
 */
import { Duration, Effect, Layer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { OtlpExporter, OtlpMetrics, OtlpSerialization } from "effect/observability"
import type { Outbox } from "./Outbox.ts"

const everyFifteen = Duration.seconds(15)

/** Takes whatever is posted, at once. */
const intoOutbox = (outbox: Outbox) =>
  HttpClient.make((request) =>
    Effect.sync(() => {
      if (request.body._tag === "Uint8Array" && outbox.hasRoom()) {
        outbox.put(Buffer.from(request.body.body).toString("utf8"))
      }
      return HttpClientResponse.fromWeb(request, new Response(null, { status: 200 }))
    })
  )

export const metricsInto = (
  outbox: Outbox,
  url: string,
  resource: NonNullable<Parameters<typeof OtlpMetrics.make>[0]["resource"]>
) =>
  Layer.effectDiscard(
    OtlpMetrics.make({ url, resource, exportInterval: everyFifteen, shutdownTimeout: Duration.seconds(1) })
  ).pipe(
    Layer.provide([
      OtlpExporter.layerFlusher,
      OtlpSerialization.layerJson,
      Layer.succeed(HttpClient.HttpClient, intoOutbox(outbox))
    ])
  )
