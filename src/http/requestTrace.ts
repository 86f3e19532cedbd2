/**
 * A request as a span, and as a line of the access log, in OpenTelemetry's words. Never its address, its headers or its query: only what the contract says.
 *
 * It goes on with the caller's trace if there is one. A trace that begins here has the request's own random digits for
 * its id: whoever has one has the other.
 */
import type { HttpServerRequest } from "effect/http"
import type { Served } from "../telemetry/AccessLog.ts"
import { parseTraceparent } from "../telemetry/traces/traceContext.ts"
import type { Ending, Entry } from "../telemetry/traces/Tracing.ts"
import type { Told } from "./CurrentRequest.ts"

interface Answered {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly told: Told
  readonly url: string
}

export const requestEntry = (
  { headers, method }: HttpServerRequest.HttpServerRequest,
  requestId: string,
  startTime: bigint
): Entry => ({
  name: method,
  kind: "server",
  parent: parseTraceparent(headers["traceparent"]),
  freshTraceId: requestId.slice("req_".length),
  startTime
})

/** The order that a path is about; nothing else of a path is ever told. */
export const orderIn = (url: string): string | undefined => /^\/v1\/orders\/(ord_[\w-]{1,60})(?:[/?]|$)/.exec(url)?.[1]

/** A request fails when the shop does: a refusal is an answer. */
export const requestEnding = (
  { method, route, status, told, url }: Answered,
  requestId: string,
  endTime: bigint
): Ending => ({
  name: `${method} ${route}`,
  errorType: status >= 500 ? (told.code ?? String(status)) : undefined,
  attributes: {
    "http.request.method": method,
    "http.route": route,
    "http.response.status_code": status,
    "holdfast.request_id": requestId,
    "holdfast.order_id": orderIn(url),
    "holdfast.code": told.code,
    "holdfast.degraded": told.degraded ? true : undefined
  },
  endTime
})

export const answeredLine = ({ method, route, status, told, url }: Answered, requestId: string) => ({
  request_id: requestId,
  order_id: orderIn(url),
  method,
  route,
  status,
  code: told.code,
  dependency: told.dependency,
  degraded: told.degraded
})

interface Times {
  readonly id: string
  readonly traceId: string
  readonly startedMillis: number
  readonly startedNanos: bigint
  readonly endedNanos: bigint
}

export const servedRequest = ({ method, route, status, told }: Answered, times: Times): Served => {
  const micros = Number(times.endedNanos - times.startedNanos) / 1_000
  return {
    millis: times.startedMillis + Math.round(micros / 1_000),
    requestId: times.id,
    traceId: times.traceId,
    method,
    route,
    status,
    durationMillis: Math.round(micros) / 1_000,
    code: told.code
  }
}
