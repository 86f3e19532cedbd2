/**
 * What is refused by its headers alone, before a byte of the body is read and before any handler runs.
 *
 * A body that announces itself as too large, a body that is compressed, and a request that does not say for which host
 * it is (HTTP/1.1 wants that of every request).
 */
import type { HttpServerRequest } from "effect/http"
import type { IncomingMessage } from "node:http"
import { MalformedRequest, PayloadTooLarge, UnsupportedMediaType } from "./errors.ts"
import { bodyLimitBytes } from "./limits.ts"

type Refusal = MalformedRequest | PayloadTooLarge | UnsupportedMediaType

export const refusedUnread = ({ headers, source }: HttpServerRequest.HttpServerRequest): Refusal | undefined => {
  const { httpVersion } = source as Partial<IncomingMessage>
  if (headers["host"] === undefined && httpVersion !== "1.0") return new MalformedRequest({ reason: "bad_framing" })
  if (Number(headers["content-length"] ?? 0) > bodyLimitBytes)
    return new PayloadTooLarge({ limitBytes: bodyLimitBytes })
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? ""
  return encoding === "" || encoding === "identity" ? undefined : new UnsupportedMediaType()
}
