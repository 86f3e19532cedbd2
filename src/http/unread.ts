/**
 * What is refused by its first line and headers alone, before a byte of the body is read and before any handler runs.
 *
 * A request that does not say for which host it is, or says it twice (HTTP/1.1 wants that of every request, and whoever
 * stands in front of this server may have read the other one); a path, or more headers, than anyone needs; a path or a
 * query with an escape that cannot be read; a body that announces itself as too large, does not say what it is, is
 * compressed, or is text in another encoding than UTF-8.
 */
import type { HttpServerRequest } from "effect/http"
import type { IncomingMessage } from "node:http"
import { HeadersTooLarge, MalformedRequest, PayloadTooLarge, UnsupportedMediaType, UriTooLong } from "./errors.ts"
import { bodyLimitBytes, headersLimit, headersLimitBytes, uriLimitBytes } from "./limits.ts"

type Refusal = HeadersTooLarge | MalformedRequest | PayloadTooLarge | UnsupportedMediaType | UriTooLong

/** A registered name or an address, and a port (RFC 9110, 7.2). Nobody's host is empty. */
const host = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i

const isFramed = ({ httpVersion, rawHeaders = [] }: Partial<IncomingMessage>): boolean => {
  let given: string | undefined
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length !== 4 || name.toLowerCase() !== "host") continue
    if (given !== undefined) return false
    given = rawHeaders[at + 1] ?? ""
  }
  return given === undefined ? httpVersion === "1.0" : host.test(given)
}

const isPlain = (coding: string | undefined, plain: string): boolean =>
  coding === undefined || coding.trim().toLowerCase() === plain || coding.trim() === ""

/** Its percent escapes are bytes in hexadecimal, and those are UTF-8. What cannot be read is not what somebody meant. */
const isEscaped = (target: string): boolean => {
  if (!target.includes("%")) return true
  try {
    decodeURIComponent(target)
    return true
  } catch {
    return false
  }
}

/** JSON is UTF-8 (RFC 8259, 8.1). */
const otherText = /;\s*charset\s*=\s*(?!"?utf-?8"?\s*(?:;|$))/i

export const hasBody = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0

/** A body of another media type: to an endpoint that reads none, it is no less of a mistake than to one that does. */
export const isOtherThanJson = (request: HttpServerRequest.HttpServerRequest): boolean =>
  hasBody(request) && !/^\s*application\/json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "")

export const refusedUnread = (request: HttpServerRequest.HttpServerRequest): Refusal | undefined => {
  const { headers } = request
  const source = request.source as Partial<IncomingMessage>
  if (!isFramed(source)) return new MalformedRequest({ reason: "bad_framing" })
  if ((source.url ?? "").length > uriLimitBytes) return new UriTooLong({ limitBytes: uriLimitBytes })
  if ((source.rawHeaders ?? []).length > 2 * headersLimit) return new HeadersTooLarge({ limitBytes: headersLimitBytes })
  if (!isEscaped(source.url ?? "")) return new MalformedRequest({ reason: "bad_encoding" })
  if (Number(headers["content-length"] ?? 0) > bodyLimitBytes)
    return new PayloadTooLarge({ limitBytes: bodyLimitBytes })
  const readable =
    (request.method !== "POST" || !hasBody(request) || (headers["content-type"] ?? "").trim() !== "") &&
    isPlain(headers["content-encoding"], "identity") &&
    isPlain(headers["transfer-encoding"], "chunked") &&
    !otherText.test(headers["content-type"] ?? "")
  return readable ? undefined : new UnsupportedMediaType()
}

/**
 * A body of no known length that was not read to its end. If there is more of it than the server throws away, it hangs up
 * instead of reading another request, and whoever keeps connections has to be told.
 */
export const isLeftUnread = ({ headers, source }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["transfer-encoding"] !== undefined && (source as Partial<IncomingMessage>).complete === false
