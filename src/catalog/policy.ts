/**
 * How shoppers' reads of the catalogue treat the database, and why. Their substitute is the catalogue as it was known
 * last; a write, and whatever an order is priced by, never comes through here.
 */
import { Duration } from "effect"
import { Backoff } from "../resilience/index.ts"
import type { Policy } from "../resilience/index.ts"

export const storefrontPolicy: Policy = {
  /** A read takes a few milliseconds. Somebody who looks at a page is better served by an older one than by a later one. */
  attemptTimeout: "700 millis",
  /** What a second try would find out, the next reader does; until then there is a substitute. */
  attempts: 1,
  backoff: Backoff.full({ base: "1 millis", cap: "1 millis" }),
  /** An attempt and the longest wait for one: within the second that a read may take. */
  deadline: "900 millis",
  /** Most of the pool's ten places, and never all of them: orders come first. */
  concurrency: 8,
  /** A burst of a hundred is through in less than that. */
  queue: { size: 100, wait: "200 millis" },
  /** An outage is over for readers two seconds after it is over for the database. */
  breaker: {
    consecutive: 5,
    openFor: "2 seconds",
    probes: 1,
    rate: { failures: 0.5, minimumCalls: 20, window: "10 seconds" }
  },
  /** Who left is not waited for: what they asked changes nothing. */
  interruptGrace: "1 millis"
}

/** Names and prices change some times a day, and whoever orders is told the price of that moment. */
export const productsShownFor = Duration.hours(4)
/** Older than an hour, a level says nothing; an order's reservation decides in any case. */
export const stockShownFor = Duration.hours(1)
/** It is read every ten seconds; in a crowd the reading may be late, and of no more use if it is much later than that. */
export const shownInACrowdFor = Duration.seconds(30)
/** A quote is looked at again within the hour for which an order may wait; an older basis would be two hours off. */
export const quotedFor = Duration.hours(1)
