/**
 * How accounts are read for being looked at, and why. The substitute is the last good value, on this node, and only for
 * whoever is let in; nothing is decided by it.
 */
import { Backoff } from "../resilience/index.ts"
import type { Policy } from "../resilience/index.ts"

const reads: Policy = {
  /** A read takes a few milliseconds; who waits longer for their own name is served better by the one that was known. */
  attemptTimeout: "700 millis",
  /** What a second try would find out, the next reader does. */
  attempts: 1,
  backoff: Backoff.full({ base: "1 millis", cap: "1 millis" }),
  /** An attempt and the longest wait for one: within the second that a read may take. */
  deadline: "900 millis",
  /** Less than half of the pool's ten places. */
  concurrency: 4,
  queue: { size: 100, wait: "200 millis" },
  breaker: {
    consecutive: 5,
    openFor: "2 seconds",
    probes: 1,
    rate: { failures: 0.5, minimumCalls: 20, window: "10 seconds" }
  },
  /** For as long as a session is trusted without the database: later nobody is let in to see it. */
  staleFor: "15 minutes",
  /** Who left is not waited for: what they asked changes nothing. */
  interruptGrace: "1 millis"
}

/** An account is a kilobyte at most: an address of 254 characters and a name of 100, and what holds them. */
export const accountPolicy: Policy = { ...reads, staleEntries: 5_000 }
/** A page is a hundred accounts at most; a few operators look at a few pages. Two megabytes. */
export const accountListPolicy: Policy = { ...reads, staleEntries: 20 }
