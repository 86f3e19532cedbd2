/**
 * How the shop treats a recommender, and why. It is the first thing that a page can do without: one short try, then the
 * last good answer, then the fallback, which is none.
 */
import { Backoff } from "../../resilience/index.ts"
import type { Policy } from "../../resilience/index.ts"

export const recommendationsPolicy: Policy = {
  /** What a page may be slower for it, and no more: a person does not notice a tenth of a second. */
  attemptTimeout: "80 millis",
  /** A second try would cost the page more than it is worth. */
  attempts: 1,
  backoff: Backoff.full({ base: "1 millis", cap: "1 millis" }),
  deadline: "90 millis",
  attemptFloor: "10 millis",
  connectTimeout: "50 millis",
  /** At 20 ms each that is a thousand pages a second; who finds no room takes the substitute at once. */
  concurrency: 20,
  breaker: {
    /** Few, so that few pages are slower when it is gone; while the circuit is open none is. */
    consecutive: 3,
    openFor: "5 seconds",
    probes: 1,
    rate: { failures: 0.5, minimumCalls: 20, window: "10 seconds" }
  },
  /** What goes together today went together yesterday. */
  staleFor: "24 hours",
  /** As many as the largest catalogue that one import makes; some hundred bytes each. */
  staleEntries: 2_000,
  /** Who left is not waited for: what they asked changes nothing. */
  interruptGrace: "1 millis"
}

/** What a page has room for. */
export const mostRecommended = 8

/** What stands in when nothing was ever heard. */
export const fallbackRecommended: ReadonlyArray<string> = []

/** Eight SKUs are under 1 KiB. */
export const longestAnswerBytes = 16 * 1024
