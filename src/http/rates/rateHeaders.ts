/**
 * `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): how many requests are left, and by what rule.
 *
 * `q` requests in `w` seconds; `r` of them are left, and in `t` seconds all of them are there again.
 */
import type { Rate } from "./Rate.ts"

/** How somebody stands with a limit after a request. */
export interface Standing {
  readonly rate: Rate
  readonly left: number
  readonly wholeInMillis: number
}

const policyOf = ({ burst, everyMillis, name }: Rate): string =>
  `"${name}";q=${burst};w=${Math.ceil((burst * everyMillis) / 1000)}`

const standingOf = ({ left, rate, wholeInMillis }: Standing): string =>
  `"${rate.name}";r=${left};t=${Math.ceil(wholeInMillis / 1000)}`

/** Of all limits that a request counted for. */
export const rateHeaders = (standings: ReadonlyArray<Standing>): Readonly<Record<string, string>> => {
  const [only] = standings
  if (only === undefined) return {}
  if (standings.length === 1) return { "ratelimit-policy": policyOf(only.rate), ratelimit: standingOf(only) }
  return {
    "ratelimit-policy": standings.map(({ rate }) => policyOf(rate)).join(", "),
    ratelimit: standings.map(standingOf).join(", ")
  }
}
