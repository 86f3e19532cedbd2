/**
 * What Node refuses before there is a request: bytes that are not HTTP, headers without end, a request that arrives too
 * slowly, and a method (CONNECT) that it hands over raw.
 *
 * Without this such a client is answered by Node itself: an empty body, or nothing at all. Here it gets a problem like
 * any other request, with one log line, and its connection is closed.
 */
import { DateTime, Effect, Queue } from "effect"
import type { Server } from "node:http"
import type { Duplex } from "node:stream"
import { HeadersTooLarge, MalformedRequest, RequestTimeout } from "./errors.ts"
import { headersLimitBytes } from "./limits.ts"
import { contentType } from "./Problem.ts"
import { rowOf } from "./problems.ts"
import { problemOf } from "./rendering.ts"
import { RequestId } from "./RequestId.ts"
import { securityHeaders } from "./securityHeaders.ts"

/** Connections that wait for their refusal. Each takes microseconds; whoever comes on top of so many is hung up on. */
const mostWaiting = 1_000

interface Refused {
  readonly socket: Duplex
  readonly error: MalformedRequest | HeadersTooLarge | RequestTimeout
}

const phrases: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large"
}

/** What Node's parser says, in the door's words. A path that is too long is a header overflow to it as well. */
const errorOf = (code: string | undefined): Refused["error"] => {
  if (code === "HPE_HEADER_OVERFLOW") return new HeadersTooLarge({ limitBytes: headersLimitBytes })
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new RequestTimeout()
  return new MalformedRequest({ reason: "bad_framing" })
}

export const refuseUnparsed = Effect.fnUntraced(function* (server: Server) {
  const ids = yield* RequestId
  const refused = yield* Queue.dropping<Refused>(mostWaiting)
  const refuse = (socket: Duplex, error: Refused["error"]) => {
    if (!Queue.offerUnsafe(refused, { socket, error })) socket.destroy()
  }
  server.on("connect", (_request, socket) => {
    socket.on("error", () => socket.destroy())
    refuse(socket, errorOf(undefined))
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") socket.destroy()
    else refuse(socket, errorOf(error.code))
  })

  const answer = Effect.fnUntraced(function* ({ error, socket }: Refused) {
    const row = rowOf(error)
    if (row === undefined) return void socket.destroy()
    const { code, status } = row
    const [requestId, now] = [yield* ids.next, yield* DateTime.now]
    const body = JSON.stringify(problemOf(error, row, { requestId, timestamp: DateTime.formatIso(now), safe: false }))
    const headers = {
      ...securityHeaders,
      "cache-control": "no-store",
      connection: "close",
      "content-length": Buffer.byteLength(body),
      "content-type": contentType,
      date: DateTime.toDateUtc(now).toUTCString(),
      "request-id": requestId
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${phrases[status] ?? ""}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy())
    const fields = {
      request_id: requestId,
      severity: "expected",
      status,
      code,
      category: error.category,
      error: error._tag
    }
    yield* Effect.logWarning("request refused", fields)
  })
  yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(refused), answer)))
})
