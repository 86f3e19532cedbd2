/**
 * Runs one request of a provider under the fault that strikes it, if any does.
 *
 * A connection is cut with a reset, so the client sees what a crashed peer looks like. A request that hangs is let go
 * when its client leaves. A fault never changes what the provider remembers: that is decided by `run` alone.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Clock, Effect, Stream } from "effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { IncomingMessage, ServerResponse } from "node:http"
import { toResponse } from "./answer.ts"
import type { Answer } from "./answer.ts"
import { stageOf } from "./fault.ts"
import type { Fault } from "./fault.ts"

export interface During {
  readonly slow: Effect.Effect<void>
  /** Set when the fault asks the provider to decline. */
  readonly decline: { readonly code: string; readonly message: string } | undefined
}

type Run = (during: During) => Effect.Effect<Answer>
type Respond = Effect.Effect<HttpServerResponse.HttpServerResponse>

const healthy: During = { slow: Effect.void, decline: undefined }

export const underFault = (fault: Fault | undefined, request: HttpServerRequest, run: Run): Respond => {
  if (fault === undefined) return Effect.map(run(healthy), toResponse)
  switch (stageOf(fault)) {
    case "before":
      return beforeEffect(fault, request, run)
    case "during":
      return Effect.map(run(duringEffect(fault)), toResponse)
    case "after":
      return Effect.flatMap(run(healthy), (answer) => afterEffect(fault, request, answer))
  }
}

const beforeEffect = (fault: Fault, request: HttpServerRequest, run: Run): Respond => {
  switch (fault.mode) {
    case "hang_before":
      return hang(fault, request)
    case "reset_before":
      return reset(request)
    case "redirect":
      return Effect.succeed(HttpServerResponse.redirect("/elsewhere", { status: 307 }))
    case "flap":
      return Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Math.floor(now / (fault.ms ?? 1000)) % 2 === 0
          ? failing({ ...fault, status: 503 })
          : underFault(undefined, request, run)
      )
    default:
      return failing(fault)
  }
}

const duringEffect = ({ code, message, mode, ms }: Fault): During => ({
  slow: mode === "latency" ? Effect.sleep(ms ?? 1000) : Effect.void,
  decline:
    mode === "decline" ? { code: code ?? "generic_decline", message: message ?? "Your card was declined." } : undefined
})

const afterEffect = (fault: Fault, request: HttpServerRequest, answer: Answer): Respond => {
  switch (fault.mode) {
    case "hang_after":
      return hang(fault, request)
    case "reset_after":
      return reset(request)
    case "reset_mid":
      return resetMid(request, answer)
    case "status_after":
      return failing(fault)
    case "drip":
      return Effect.succeed(dripping(answer, fault.ms ?? 100))
    default:
      return Effect.succeed(harmed(fault, answer))
  }
}

const harmed = ({ mode }: Fault, answer: Answer): HttpServerResponse.HttpServerResponse => {
  const { status } = answer
  switch (mode) {
    case "garbage":
      return HttpServerResponse.text('{"id":"pi_\u0000', { status, contentType: "application/json" })
    case "empty":
      return HttpServerResponse.text("", { status, contentType: "application/json" })
    case "no_content":
      return HttpServerResponse.empty({ status: 204 })
    case "wrong_type":
      return toResponse({ ...answer, body: [1, "two", null] })
    case "html":
      return HttpServerResponse.text("<html><h1>502 Bad Gateway</h1></html>", { status: 502, contentType: "text/html" })
    case "huge":
      return huge(status)
    case "wrong_id":
      return toResponse({ ...answer, body: { ...Object(answer.body), id: "pi_of_somebody_else" } })
    case "wrong_amount":
      return toResponse({ ...answer, body: { ...Object(answer.body), amount: 1 } })
    default:
      return toResponse(answer)
  }
}

/** A provider's error answer; what it says is made up, and must not matter. */
const failing = (fault: Fault): Respond =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const seconds = fault.retry_after_seconds
    const headers: Record<string, string> =
      seconds === undefined
        ? {}
        : {
            "retry-after":
              fault.retry_after_form === "date" ? new Date(now + seconds * 1000).toUTCString() : String(seconds)
          }
    const status = fault.status ?? 500
    const error = {
      type: status === 429 ? "rate_limit_error" : "api_error",
      message: fault.message ?? "A sandbox fault."
    }
    return toResponse({ status, body: { error }, headers })
  })

const socketOf = (request: HttpServerRequest) =>
  (NodeHttpServerRequest.toIncomingMessage(request) as IncomingMessage).socket

const reset = (request: HttpServerRequest): Respond =>
  Effect.andThen(
    Effect.sync(() => socketOf(request).resetAndDestroy()),
    Effect.never
  )

const hang = ({ ms }: Fault, request: HttpServerRequest): Respond =>
  ms === undefined ? Effect.never : Effect.andThen(Effect.sleep(ms), reset(request))

/** Half of the body, then a reset: the length announced is never reached. */
const resetMid = (request: HttpServerRequest, answer: Answer): Respond =>
  Effect.andThen(
    Effect.callback<void>((resume) => {
      const response = NodeHttpServerRequest.toServerResponse(request) as ServerResponse
      const body = Buffer.from(JSON.stringify(answer.body))
      response.writeHead(answer.status, { "content-type": "application/json", "content-length": body.length })
      response.write(body.subarray(0, body.length / 2), () => resume(Effect.void))
    }),
    reset(request)
  )

const jsonType = { contentType: "application/json" }

/** 200 MB in pieces of one: nobody should read them to the end. */
const huge = (status: number) => {
  const piece = new Uint8Array(1024 * 1024).fill(0x20)
  return HttpServerResponse.stream(
    Stream.map(Stream.range(1, 200), () => piece),
    { status, ...jsonType }
  )
}

const dripping = ({ body, status }: Answer, ms: number) => {
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const drops = Stream.fromIterable(bytes).pipe(
    Stream.mapEffect((byte) => Effect.as(Effect.sleep(ms), Uint8Array.of(byte)))
  )
  return HttpServerResponse.stream(drops, { status, ...jsonType })
}
