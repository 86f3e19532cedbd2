/**
 * What kind of request this is, told by its method and path alone: before it is routed, and whether or not it is known.
 *
 * Who waits for it, and what it is worth when not everybody can be served. Health and status are outside of all that:
 * they answer from memory, and are asked for most when there is too much of everything else.
 */
import type { Priority } from "../resilience/index.ts"

export interface Traffic {
  readonly priority: Priority | "outside"
  /** A read changes nothing: somebody looks at a page, and looks again. */
  readonly reads: boolean
}

const outside = /^\/(?:livez|readyz|ready|startupz|health|v1\/status)$/
/** An order, and what happens to it later; what its payment's provider says; what was taken while the database was down. */
const critical = /^\/v1\/(?:orders|webhooks|deferred)(?:\/|$)/
const sheddable = /^(?:\/openapi\.json|\/docs|\/problems(?:\/.*)?|\/v1\/products\/[^/]+\/recommendations)$/

const every = (priority: Traffic["priority"]) => ({
  read: { priority, reads: true } satisfies Traffic,
  write: { priority, reads: false } satisfies Traffic
})
const kinds = {
  outside: every("outside"),
  critical: every("critical"),
  default: every("default"),
  sheddable: every("sheddable")
}

export const trafficOf = (method: string, url: string): Traffic => {
  const path = url.split("?", 1)[0] ?? ""
  if (method !== "GET" && method !== "HEAD" && method !== "OPTIONS") {
    return critical.test(path) ? kinds.critical.write : kinds.default.write
  }
  if (path.startsWith("/v1/deferred/")) return kinds.critical.read
  if (outside.test(path)) return kinds.outside.read
  return sheddable.test(path) ? kinds.sheddable.read : kinds.default.read
}
