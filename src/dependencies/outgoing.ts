/**
 * A request to a provider, as it leaves: a span of its own below the call's, one for each attempt, and the headers that let
 * the provider's people find it: `traceparent`, and `X-Request-Id` with the id of the request that it is for.
 */
import { Clock, Effect } from "effect"
import type * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import { CurrentAttempt } from "../resilience/index.ts"
import { AskedBy } from "../telemetry/AskedBy.ts"
import { debug } from "../telemetry/debug.ts"
import type { Module } from "../telemetry/LogLevels.ts"
import { clientSpan } from "../telemetry/traces/ownSpan.ts"
import { formatTraceparent, traceOf } from "../telemetry/traces/traceContext.ts"

const withIds = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.withFiber<HttpClientRequest.HttpClientRequest>((fiber) => {
    const trace = traceOf(fiber)
    const requestId = fiber.getRef(AskedBy)
    return Effect.succeed(
      HttpClientRequest.setHeaders(request, {
        ...(trace === undefined ? {} : { traceparent: formatTraceparent(trace) }),
        ...(requestId === undefined ? {} : { "x-request-id": requestId })
      })
    )
  })

export type Send = (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<HttpClientResponse, HttpClientError>

/** `provider` is the name of its dependency. */
export const sendTo =
  (provider: Module, client: HttpClient.HttpClient): Send =>
  (request) =>
    Effect.useSpan(`${request.method} ${provider}`, clientSpan, (span) =>
      Effect.gen(function* () {
        const attempt = yield* CurrentAttempt
        span.attribute("peer.service", provider)
        span.attribute("http.request.method", request.method)
        if (attempt !== undefined && attempt.number > 1) span.attribute("http.request.resend_count", attempt.number - 1)
        const began = yield* Clock.monotonicTimeNanos
        const told = (result: number | string) =>
          Effect.flatMap(Clock.monotonicTimeNanos, (now) =>
            debug(provider, "asked the provider", () => ({
              method: request.method,
              result,
              attempt: attempt?.number,
              duration_ms: Number(now - began) / 1e6
            }))
          )
        const response = yield* Effect.flatMap(withIds(request), client.execute).pipe(
          Effect.tapError(({ reason }) => {
            span.attribute("error.type", reason._tag)
            return told(reason._tag)
          }),
          Effect.tap(({ status }) => told(status))
        )
        span.attribute("http.response.status_code", response.status)
        if (response.status >= 400) span.attribute("error.type", String(response.status))
        return response
      }).pipe(Effect.withParentSpan(span, { captureStackTrace: false }))
    )
