/**
 * Traces, metrics and logs to a collector, as OTLP over HTTP with JSON; or none of it, where there is no collector.
 *
 * Without one nothing is recorded. With one, nothing waits for it: what is told goes into bounded outboxes that are
 * emptied in the background. Libraries' own spans of requests are off: the door and the providers' adapters make theirs.
 */
import { Effect, Layer, Option, References, Tracer } from "effect"
import { HttpClient, HttpMiddleware } from "effect/http"
import { attributesOf, encodeLog, encodeSpan } from "./otlp/encoding.ts"
import { metricsInto } from "./otlp/metricsExport.ts"
import { Outbox, outboxLimits } from "./otlp/Outbox.ts"
import { sendingAll, type SignalOptions } from "./otlp/sending.ts"
import { ExportedLogs } from "./Logs.ts"
import { type Reading, registerReadings } from "./readings.ts"
import { Recorder } from "./traces/Recorder.ts"
import { Tracing } from "./traces/Tracing.ts"
import { drawIds, spanIdBytes } from "./randomIds.ts"

export interface TelemetryOptions {
  /** Of the collector: `/v1/traces`, `/v1/metrics` and `/v1/logs` are below it. */
  readonly endpoint: Option.Option<string>
  readonly role: string
}

const ownRequestsOnly = Layer.mergeAll(
  Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true),
  Layer.succeed(HttpClient.TracerDisabledWhen, () => true)
)

const quiet = Layer.merge(ownRequestsOnly, Layer.succeed(References.TracerEnabled, false))

const scope = { name: "holdfast" }

/** `left` counts what did not come as far as the outbox. Both count by the reason. */
const told = (signal: SignalOptions["signal"], outbox: Outbox, left: Readonly<Record<string, number>> = {}) => {
  const counted: ReadonlyArray<Readonly<Record<string, number>>> = [outbox.dropped, left]
  const dropped = counted.flatMap((counts) =>
    Object.keys(counts).map((reason) => ({ reason, read: () => counts[reason] ?? 0 }))
  )
  return [
    {
      type: "counter",
      name: "holdfast_telemetry_exported_total",
      description: "Spans, log lines and snapshots of metrics that the collector took",
      attributes: { signal },
      read: () => outbox.exported
    },
    {
      type: "gauge",
      name: "holdfast_telemetry_waiting",
      description: "What waits to be sent to the collector",
      attributes: { signal },
      read: () => outbox.entries
    },
    ...dropped.map(({ reason, read }): Reading => ({
      type: "counter",
      name: "holdfast_telemetry_dropped_total",
      description: "What never reached the collector: no room for it, refused, or left at the end",
      attributes: { signal, reason },
      read
    }))
  ] satisfies ReadonlyArray<Reading>
}

const exporting = (endpoint: string, { role }: TelemetryOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const base = endpoint.replace(/\/+$/, "")
      // Tells this process from the other nodes.
      const instance = drawIds(spanIdBytes)()
      const named = { "service.name": "holdfast", "service.instance.id": instance, "holdfast.role": role }
      const resource = JSON.stringify({ attributes: attributesOf(Object.entries(named)) })
      const inScope = JSON.stringify(scope)
      const [traces, logs] = [new Outbox(outboxLimits), new Outbox(outboxLimits)]
      // A snapshot is some 100 KB, and the newest says it all.
      const metrics = new Outbox({
        entries: 4,
        bytes: 4 * 1024 * 1024,
        batchEntries: 1,
        batchBytes: 1,
        keeps: "newest"
      })
      const recorder = new Recorder((span) => {
        if (traces.hasRoom()) traces.put(encodeSpan(span))
      })
      yield* registerReadings([
        ...told("traces", traces, recorder.left),
        ...told("logs", logs),
        ...told("metrics", metrics)
      ])
      const signals: ReadonlyArray<SignalOptions> = [
        {
          signal: "traces",
          url: `${base}/v1/traces`,
          outbox: traces,
          bodyOf: (spans) =>
            `{"resourceSpans":[{"resource":${resource},"scopeSpans":[{"scope":${inScope},"spans":[${spans.join(",")}]}]}]}`
        },
        {
          signal: "logs",
          url: `${base}/v1/logs`,
          outbox: logs,
          bodyOf: (lines) =>
            `{"resourceLogs":[{"resource":${resource},"scopeLogs":[{"scope":${inScope},"logRecords":[${lines.join(",")}]}]}]}`
        },
        { signal: "metrics", url: `${base}/v1/metrics`, outbox: metrics, bodyOf: ([only = "{}"]) => only }
      ]
      yield* sendingAll(signals)
      return Layer.mergeAll(
        ownRequestsOnly,
        Layer.succeed(Tracer.Tracer, recorder.tracer),
        Layer.succeed(Tracing, recorder),
        Layer.succeed(ExportedLogs, (record) => {
          if (logs.hasRoom()) logs.put(encodeLog(record))
        }),
        metricsInto(metrics, `${base}/v1/metrics`, {
          serviceName: "holdfast",
          attributes: { "service.instance.id": instance, "holdfast.role": role }
        })
      )
    })
  )

export const layer = (options: TelemetryOptions) =>
  Option.match(options.endpoint, { onNone: () => quiet, onSome: (endpoint) => exporting(endpoint, options) })
