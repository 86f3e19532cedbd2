/**
 * What kind of request this is, told by its method and path alone: before it is routed, and whether or not it is known.
 *
 * Who waits for it, and what it is worth when not everybody can be served. Health and status are outside of all that:
 * they answer from memory, and are asked for most when there is too much of everything else.
 */
import type { Priority } from "../resilience/index.ts"

export interface Traffic {
  readonly priority: Priority | "outside"
  /** What they work on: orders have a part of the room, so that pages are shown while all orders wait for something. */
  readonly about: "orders" | "other"
  /** A read changes nothing: somebody looks at a page, and looks again. */
  readonly reads: boolean
  /** It waits at a bulkhead of its own, for longer than it works: a password is hashed. */
  readonly hashes: boolean
  /** The limit that it counts for besides its address's. */
  readonly tighter: "signUp" | "logIn" | undefined
}

const outside = /^\/(?:livez|readyz|ready|startupz|health|v1\/status)$/
/** An order, and what happens to it later; what its payment's provider says; what was taken while the database was down. */
const critical = /^\/v1\/(?:orders|webhooks|deferred)(?:\/|$)/
const sheddable = /^(?:\/openapi\.json|\/docs|\/problems(?:\/.*)?|\/v1\/products\/[^/]+\/recommendations)$/

const read = (priority: Traffic["priority"], about: Traffic["about"] = "other"): Traffic => ({
  priority,
  about,
  reads: true,
  hashes: false,
  tighter: undefined
})
const reads = {
  outside: read("outside"),
  critical: read("critical", "orders"),
  order: read("default", "orders"),
  default: read("default"),
  sheddable: read("sheddable")
}
const order: Traffic = { priority: "critical", about: "orders", reads: false, hashes: false, tighter: undefined }
const write: Traffic = { priority: "default", about: "other", reads: false, hashes: false, tighter: undefined }
const signUp: Traffic = { priority: "default", about: "other", reads: false, hashes: true, tighter: "signUp" }
const logIn: Traffic = { priority: "default", about: "other", reads: false, hashes: true, tighter: "logIn" }

export const trafficOf = (method: string, url: string): Traffic => {
  const path = url.split("?", 1)[0] ?? ""
  if (method !== "GET" && method !== "HEAD" && method !== "OPTIONS") {
    if (critical.test(path)) return order
    if (method !== "POST") return write
    return path === "/v1/sessions" ? logIn : path === "/v1/users" ? signUp : write
  }
  // A browser asks whether it may, before it does: refused that, it does not.
  if (path.startsWith("/v1/deferred/") || (method === "OPTIONS" && critical.test(path))) return reads.critical
  if (critical.test(path)) return reads.order
  if (outside.test(path)) return reads.outside
  return sheddable.test(path) ? reads.sheddable : reads.default
}
