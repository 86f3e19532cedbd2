/**
 * How the shop treats whoever counts its events, and why. No fallback: events wait in a bounded buffer, and those that do
 * not fit are dropped and counted; nobody outside ever notices.
 */
import { Backoff } from "../../resilience/index.ts"
import type { Policy } from "../../resilience/index.ts"

export const analyticsPolicy: Policy = {
  /** Nobody waits for it; a batch that takes longer is better tried again with the next. */
  attemptTimeout: "3 seconds",
  /** The buffer is the second try: a batch that failed goes out with the next one. */
  attempts: 1,
  backoff: Backoff.full({ base: "1 millis", cap: "1 millis" }),
  deadline: "3500 millis",
  connectTimeout: "1 second",
  /** One batch after the other. */
  concurrency: 1,
  breaker: {
    consecutive: 3,
    /** Longer than the others': nothing is lost by waiting until the buffer is full. */
    openFor: "10 seconds",
    probes: 1
  },
  interruptGrace: "1 millis"
}

/** Events that are kept while nobody takes them: some ten minutes of a shop with fifteen a second, and about 3 MB. */
export const mostBuffered = 10_000
/** Events in one request: under 100 KiB. */
export const mostInABatch = 500
/** How late an event is at most while all is well. */
export const sendEvery = "1 second"
/** How long the last batch may take when the shop stops. */
export const lastBatchWithin = "1 second"

/** An answer says no more than that it was heard. */
export const longestAnswerBytes = 16 * 1024
