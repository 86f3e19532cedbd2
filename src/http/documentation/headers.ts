/** The headers that the API's document describes: those that requests carry, and those that answers do. */
import { waitSecondsDefault, waitSecondsMost } from "../limits.ts"

const text = { type: "string" } as const
const seconds = { type: "integer", minimum: 1 } as const
const key = { type: "string", minLength: 8, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" } as const

export const parameters = {
  "Idempotency-Key": {
    name: "Idempotency-Key",
    in: "header",
    required: true,
    description: "Made by the client, once for each intent, and the same on every repeat. Kept for 30 days.",
    schema: key,
    example: "0d6f2c9e-1b57-4c0a-9a53-1f1f6c8a7b10"
  },
  "Idempotency-Key-Optional": {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    description: "With one, a repeat of this request makes nothing twice.",
    schema: key
  },
  Prefer: {
    name: "Prefer",
    in: "header",
    required: false,
    description: `\`wait=N\`: seconds to wait for the outcome; ${waitSecondsDefault} unless given, ${waitSecondsMost} at the most.`,
    schema: text,
    example: "wait=10"
  },
  "If-Match": {
    name: "If-Match",
    in: "header",
    required: true,
    description: "The ETag of the order as it was read: what has changed since is not cancelled unseen.",
    schema: text,
    example: '"3"'
  },
  "If-None-Match": {
    name: "If-None-Match",
    in: "header",
    required: false,
    description: "The ETag of what the client has: 304 if it is still so.",
    schema: text
  },
  "Request-Timeout": {
    name: "Request-Timeout",
    in: "header",
    required: false,
    description: "Seconds that the client waits for an answer. It only lowers the server's own deadline.",
    schema: { type: "number", exclusiveMinimum: 0, maximum: 999_999 }
  },
  "Stripe-Signature": {
    name: "Stripe-Signature",
    in: "header",
    required: true,
    description: "Time and signature of the body, as the provider makes them.",
    schema: text
  }
} as const
export type ParameterName = keyof typeof parameters

export const headers = {
  "Request-Id": { description: "Names this request in the log.", schema: text },
  "Retry-After": { description: "Seconds to wait before asking again.", schema: seconds },
  "WWW-Authenticate": { description: "How to authenticate.", schema: text },
  RateLimit: {
    description: "For each limit, how many requests are left, and in how many seconds all are.",
    schema: text
  },
  "RateLimit-Policy": { description: "For each limit, so many requests in so many seconds.", schema: text },
  Location: { description: "Where it is.", schema: text },
  ETag: {
    description:
      "The version of what is answered. Of an order, a strong one: for If-Match. Of others, for If-None-Match.",
    schema: text
  },
  Link: { description: "`rel=next`: the page behind this one (RFC 8288).", schema: text },
  "Idempotency-Key-Expires": {
    description: "Until when the key is kept.",
    schema: { type: "string", format: "date-time" }
  },
  "Idempotent-Replayed": { description: "`true`: this is a repeat; nothing was done twice.", schema: text },
  Deprecation: { description: "Since when this route should no longer be used (RFC 9745).", schema: text },
  Sunset: { description: "From when on this route may be gone (RFC 8594).", schema: text },
  Age: {
    description: "Seconds, when this is what was known last and not the live answer.",
    schema: { type: "integer" }
  },
  "Cache-Status": { description: "Why it is not the live answer (RFC 9211).", schema: text }
} as const
export type HeaderName = keyof typeof headers

/** On every answer of a status, whatever the operation. */
export const headersOf = (status: string): ReadonlyArray<HeaderName> => {
  const always: ReadonlyArray<HeaderName> = ["Request-Id"]
  if (status === "429") return [...always, "Retry-After", "RateLimit", "RateLimit-Policy"]
  if (status === "503" || status === "202") return [...always, "Retry-After"]
  return status === "401" ? [...always, "WWW-Authenticate"] : always
}
