/**
 * The limits as all nodes count them together, where there is a store that they share (`RateLimiterStore`).
 *
 * A node takes a few requests' worth at a time and spends them within a second, so that who asks often costs one question
 * for ten requests. A store that does not answer counts nobody: the node's own limits hold on. What it is told is a keyed
 * hash of whom it counts, never an address.
 */
import { createHmac } from "node:crypto"
import { Clock, Duration, Effect } from "effect"
import type { RateLimiter } from "effect/persistence"
import { monotonicMillis } from "../../resilience/index.ts"
import { AppSecret, deriveKey } from "../../users/AppSecret.ts"
import { capacity, type Rate } from "./Rate.ts"

/** What was taken and not spent by then is lost: a node that stops hardly takes anything with it. */
const leaseMillis = 1_000
/** So many leases at a time; then those that are over go, and if none is, all: they cost a question each. */
const mostLeases = 10_000

interface Lease {
  left: number
  readonly endsAt: number
}

/** How much is left in the common bucket, as a local one says it (negative: refused); or why it was not asked. */
export type AskShared = (
  rate: Rate,
  key: string
) => Effect.Effect<readonly [left: number, elapsedMillis: number] | "leased" | "nobody answers">

export const makeSharedRates = Effect.fnUntraced(function* (store: RateLimiter.RateLimiterStore["Service"]) {
  const mac = yield* deriveKey((yield* AppSecret).current, "rate-limits")
  const leases = new Map<string, Lease>()
  const hashed = (key: string) => createHmac("sha256", mac).update(key).digest().subarray(0, 16).toString("base64url")

  const keep = (key: string, left: number, now: number) => {
    if (leases.size >= mostLeases) for (const [each, { endsAt }] of leases) if (endsAt <= now) leases.delete(each)
    if (leases.size >= mostLeases) leases.clear()
    leases.set(key, { left, endsAt: now + leaseMillis })
  }

  const ask: AskShared = (rate, whom) =>
    Effect.flatMap(Clock.Clock, (clock): ReturnType<AskShared> => {
      const key = `${rate.name}:${whom}`
      const now = monotonicMillis(clock)
      const lease = leases.get(key)
      if (lease !== undefined && lease.left > 0 && lease.endsAt > now) {
        lease.left--
        return Effect.succeed("leased")
      }
      const take = (tokens: number) =>
        store.tokenBucket({
          key: hashed(key),
          tokens,
          limit: capacity(rate),
          refillRate: Duration.millis(rate.everyMillis),
          allowOverflow: false
        })
      const asked =
        rate.leased === 1
          ? take(1)
          : Effect.flatMap(take(rate.leased), (answer) => {
              // Too little for a lease may be enough for one.
              if (answer[0] < rate.waiting) return take(1)
              keep(key, rate.leased - 1, now)
              return Effect.succeed(answer)
            })
      return Effect.catch(asked, () => Effect.succeed("nobody answers"))
    })
  return ask
})
