/**
 * What Node refuses before there is a request: bytes that are not HTTP, headers without end, a request that arrives too
 * slowly, and a method (CONNECT) that it hands over raw.
 *
 * Without this such a client is answered by Node itself: an empty body, or nothing at all. Here it gets a problem like
 * any other request, with one log line, and its connection is closed. It is answered in its turn: whoever sends requests
 * one behind the other never takes the refusal of the second for the answer to the first.
 */
import { DateTime, Effect, Queue } from "effect"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { HeadersTooLarge, MalformedRequest, RequestTimeout, UriTooLong } from "./errors.ts"
import { headersLimitBytes, lingerMillis, uriLimitBytes } from "./limits.ts"
import { contentType } from "./Problem.ts"
import { rowOf } from "./problems.ts"
import { problemOf } from "./rendering.ts"
import { RequestId } from "./RequestId.ts"
import { securityHeaders } from "./securityHeaders.ts"

/** Connections that wait for their refusal. Each takes microseconds; whoever comes on top of so many is hung up on. */
const mostWaiting = 1_000

interface Refused {
  readonly socket: Duplex
  readonly error: MalformedRequest | HeadersTooLarge | RequestTimeout | UriTooLong
  /** Whoever asked for headers alone would take a body for the next answer. */
  readonly headersOnly: boolean
}

const phrases: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  414: "URI Too Long",
  431: "Request Header Fields Too Large"
}

/** What Node's parser says, in the door's words. `bytes` are the last that it has seen. */
const errorOf = (code: string | undefined, bytes?: Buffer): Refused["error"] => {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new RequestTimeout()
  if (code !== "HPE_HEADER_OVERFLOW") return new MalformedRequest({ reason: "bad_framing" })
  const firstLine = bytes?.subarray(0, headersLimitBytes) ?? Buffer.of()
  return /^[A-Z-]{3,20} \S/.test(firstLine.toString("latin1", 0, 32)) && !firstLine.includes("\n")
    ? new UriTooLong({ limitBytes: uriLimitBytes })
    : new HeadersTooLarge({ limitBytes: headersLimitBytes })
}

/** The last request of a connection, and the answer before its own if that is still to come. */
interface Latest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly before: ServerResponse | undefined
}

const hangUp = (socket: Duplex) => Effect.sync(() => void socket.destroy())

const isOver = (response: ServerResponse): boolean => response.writableFinished || response.destroyed

/** When a refusal of what came last may be written: at once, never, or behind another answer. */
const turnOf = (latest: Latest | undefined): "now" | "never" | ServerResponse => {
  if (latest === undefined) return "now"
  const { before, request, response } = latest
  // The bytes are behind a whole request.
  if (request.complete) return isOver(response) ? "now" : response
  // The bytes are its body: it is refused itself, unless it has been.
  if (response.headersSent) return "never"
  return before === undefined || isOver(before) ? "now" : before
}

export const refuseUnparsed = Effect.fnUntraced(function* (server: Server) {
  const ids = yield* RequestId
  const refused = yield* Queue.dropping<Refused>(mostWaiting)
  const met = new WeakSet<Duplex>()
  const latest = new WeakMap<Duplex, Latest>()
  server.on("request", (request, response) => {
    const last = latest.get(request.socket)?.response
    latest.set(request.socket, { request, response, before: last === undefined || isOver(last) ? undefined : last })
  })

  const refuse = (socket: Duplex, error: Refused["error"], headersOnly: boolean) => {
    if (!socket.writable || !Queue.offerUnsafe(refused, { socket, error, headersOnly })) socket.destroy()
  }
  const refuseInTurn = (socket: Duplex, error: Refused["error"], headersOnly: boolean) => {
    // The parser says it again with every byte that follows.
    if (met.has(socket)) return
    met.add(socket)
    const turn = turnOf(latest.get(socket))
    if (turn === "now") refuse(socket, error, headersOnly)
    else if (turn === "never") socket.destroy()
    else turn.once("close", () => refuse(socket, error, headersOnly))
  }
  server.on("connect", (_request, socket) => {
    socket.on("error", () => socket.destroy())
    refuseInTurn(socket, errorOf(undefined), false)
  })
  server.on("clientError", (error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") socket.destroy()
    else
      refuseInTurn(socket, errorOf(error.code, error.rawPacket), error.rawPacket?.toString("latin1", 0, 5) === "HEAD ")
  })

  const answer = Effect.fnUntraced(function* ({ error, headersOnly, socket }: Refused) {
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
    socket.end(`HTTP/1.1 ${status} ${phrases[status] ?? ""}\r\n${lines.join("")}\r\n${headersOnly ? "" : body}`)
    yield* Effect.forkScoped(Effect.delay(hangUp(socket), lingerMillis))
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
