/**
 * What an answer says to browsers because of who asks, and by which way: that this host speaks TLS alone (HSTS), and that
 * a page of the shop's front end may read it (CORS).
 *
 * HSTS only behind TLS: when a proxy of ours (`TRUSTED_PROXIES`) said that its client came with https. CORS only for the
 * origins of `CORS_ORIGINS`, which are none unless set; others get no header at all, on problems and preflights alike. No
 * cookies, ever: pages send a bearer token.
 */
import { Context, Effect } from "effect"
import { headers, parameters } from "./documentation/headers.ts"
import { type Caller, trustedPeer, TrustedProxies } from "./rates/clientAddress.ts"

/** Origins whose pages may call the API (`https://shop.example.com`), checked by the settings. */
export const CorsOrigins = Context.Reference<ReadonlyArray<string>>("holdfast/http/CorsOrigins", {
  defaultValue: () => []
})

/** A year, as browsers' own lists want it. Not for subdomains: what else is there is not this server's to say. */
const strictTransport = `max-age=${365 * 24 * 60 * 60}`

/** Two hours: the longest that browsers keep a preflight. */
const preflightSeconds = "7200"

/** What a page may send: what operations read, and what belongs to any request. */
const sendable = [
  ...new Set(Object.values(parameters).map(({ name }) => name)),
  "Authorization",
  "Content-Type",
  "B3",
  "Traceparent",
  "Tracestate",
  "X-Request-Id"
]
  .filter((name) => name !== "Stripe-Signature")
  .join(", ")

/** What a page may read: whatever the API's document describes. */
const readable = Object.keys(headers).join(", ")

/** The header fields that are added to an answer. `allow`: the methods of the path, where that is the answer. */
export type BrowserHeaders = (caller: Caller, answer?: Answered) => Readonly<Record<string, string>>

interface Answered {
  readonly vary: string | undefined
  readonly allow: string | undefined
}

const none: Readonly<Record<string, string>> = {}

const text = (value: string | ReadonlyArray<string> | undefined) => (typeof value === "string" ? value : undefined)

export const makeBrowserHeaders = Effect.gen(function* (): Effect.fn.Return<BrowserHeaders> {
  const origins = new Set(yield* CorsOrigins)
  const proxies = yield* TrustedProxies
  const isTrusted = trustedPeer(proxies)

  /** The first proxy writes first: what it says is how the client came. */
  const isBehindTls = (caller: Caller) =>
    text(caller.headers["x-forwarded-proto"])?.split(",", 1)[0]?.trim().toLowerCase() === "https" && isTrusted(caller)

  const crossOrigin = ({ headers: asked }: Caller, answer: Answered | undefined): Record<string, string> => {
    const vary = { vary: answer?.vary === undefined ? "Origin" : `${answer.vary}, Origin` }
    const origin = text(asked["origin"])
    if (origin === undefined || !origins.has(origin)) return vary
    const allowed = { ...vary, "access-control-allow-origin": origin }
    if (asked["access-control-request-method"] === undefined || answer?.allow === undefined)
      return { ...allowed, "access-control-expose-headers": readable }
    return {
      ...allowed,
      "access-control-allow-methods": answer.allow,
      "access-control-allow-headers": sendable,
      "access-control-max-age": preflightSeconds
    }
  }

  if (origins.size === 0 && proxies.length === 0) return () => none
  return (caller, answer) => ({
    ...(isBehindTls(caller) ? { "strict-transport-security": strictTransport } : none),
    ...(origins.size > 0 ? crossOrigin(caller, answer) : none)
  })
})
