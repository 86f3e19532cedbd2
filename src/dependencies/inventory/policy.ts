/**
 * How the shop treats a stock keeper elsewhere, and why. A level that cannot be asked is the last one that was heard, or
 * "in stock, nobody knows how much": the reservation decides. For moving goods there is no substitute: the order waits.
 */
import { Backoff } from "../../resilience/index.ts"
import type { Policy } from "../../resilience/index.ts"

export const inventoryPolicy: Policy = {
  /** A look-up in a warehouse's database. */
  attemptTimeout: "800 millis",
  /** The second try is for a lost packet; an order's job makes longer pauses by itself. */
  attempts: 2,
  backoff: Backoff.full({ base: "100 millis", cap: "200 millis" }),
  /** Two attempts and the pause. A client that looks at a level waits no longer than this for an older one. */
  deadline: "2 seconds",
  attemptFloor: "100 millis",
  connectTimeout: "500 millis",
  /** A page of products asks for twenty levels at once. */
  concurrency: 20,
  queue: { size: 100, wait: "200 millis" },
  breaker: {
    consecutive: 5,
    openFor: "5 seconds",
    probes: 1,
    rate: { failures: 0.5, minimumCalls: 20, window: "10 seconds" }
  },
  /** Older than an hour, a level says nothing. */
  staleFor: "1 hour",
  /** As many as the largest catalogue that one import makes. */
  staleEntries: 2_000
}

/** What stands in for a level when nothing was ever heard. */
export const fallbackAvailable: number | null = null

/** The largest answer, a refusal that names 50 lines, is under 8 KiB. */
export const longestAnswerBytes = 64 * 1024
