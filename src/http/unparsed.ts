/**
 * What Node refuses before there is a request: bytes that are not HTTP, and a method (CONNECT) that it hands over raw.
 *
 * Without this such a client is answered by Node itself: an empty body, or nothing at all. Here it gets the same problem
 * as any other request that cannot be read, with one log line, and its connection is closed. Headers that are too large
 * and requests that arrive too slowly keep Node's own 431 and 408.
 */
import { DateTime, Effect, Queue } from "effect"
import type { Server } from "node:http"
import type { Duplex } from "node:stream"
import { MalformedRequest } from "./errors.ts"
import { contentType } from "./Problem.ts"
import { problemOf, problems } from "./problems.ts"
import { RequestId } from "./RequestId.ts"
import { securityHeaders } from "./securityHeaders.ts"

/** Connections that wait for their refusal. Each takes microseconds; whoever comes on top of so many is hung up on. */
const mostWaiting = 1_000

/** Node's own answers to these say more than that the request cannot be read. */
const answeredByNode: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "HTTP/1.1 431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "HTTP/1.1 408 Request Timeout"
}

export const refuseUnparsed = Effect.fnUntraced(function* (server: Server) {
  const ids = yield* RequestId
  const refused = yield* Queue.dropping<Duplex>(mostWaiting)
  const refuse = (socket: Duplex) => {
    if (!Queue.offerUnsafe(refused, socket)) socket.destroy()
  }
  server.on("connect", (_request, socket) => {
    socket.on("error", () => socket.destroy())
    refuse(socket)
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const own = answeredByNode[error.code ?? ""]
    if (!socket.writable || error.code === "ECONNRESET") socket.destroy()
    else if (own !== undefined) socket.end(`${own}\r\nconnection: close\r\n\r\n`, () => socket.destroy())
    else refuse(socket)
  })

  const answer = Effect.fnUntraced(function* (socket: Duplex) {
    const error = new MalformedRequest({ reason: "bad_framing" })
    const { category, reason } = error
    const row = problems.MalformedRequest
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
    socket.end(`HTTP/1.1 ${status} Bad Request\r\n${lines.join("")}\r\n${body}`, () => socket.destroy())
    const fields = { request_id: requestId, severity: "expected", status, code, category, reason }
    yield* Effect.logWarning("request refused", fields)
  })
  yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(refused), answer)))
})
