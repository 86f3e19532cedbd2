/**
 * How the shop treats the payment provider, and why. There is no fallback and no last good value for money: when the
 * provider cannot be asked, the order waits in the database and its job asks again later.
 */
import { Backoff } from "../../resilience/index.ts"
import type { Policy } from "../../resilience/index.ts"

/** A provider that cannot be connected to within this is down; connecting takes a tenth of it. */
export const connectTimeoutMillis = 2000

export const paymentsPolicy: Policy = {
  /** A bank takes one to three seconds to answer a confirmation; four leave room for a slow one. */
  attemptTimeout: "4 seconds",
  /**
   * The job that carries an order repeats its steps with pauses of its own, so the call itself tries only twice, and
   * the second try comes within 500 ms: it is for a lost packet or a connection that had gone idle, not for an outage.
   */
  attempts: 2,
  backoff: Backoff.full({ base: "500 millis", cap: "500 millis" }),
  /** Two whole attempts and the pause. Far below a job's lease, so no call outlives the right to make it. */
  deadline: "9 seconds",
  /** A round trip over the internet; less than this would only make one more doubt. */
  attemptFloor: "200 millis",
  connectTimeout: connectTimeoutMillis,
  /** The provider takes a hundred requests a second or so; this many at 200 ms each stay within that. */
  concurrency: 20,
  /** Full until the provider says 429 or times out; then fewer, so that it can recover, and more again as it does. */
  adaptive: { minimum: 4, initial: 20 },
  /** Five failures in a row, or half of twenty, are no accident; after five seconds one order may try again. */
  breaker: {
    consecutive: 5,
    openFor: "5 seconds",
    probes: 1,
    rate: { failures: 0.5, minimumCalls: 20, window: "10 seconds" }
  },
  /** Longer pauses than this are for the orders' jobs to make. */
  retryAfterCap: "60 seconds"
}

/** The largest answer we ask for (a page of 100 payments) is about 300 KB; a longer one is cut and counts as unreadable. */
export const longestAnswerBytes = 1024 * 1024

/**
 * The version of the provider's API that this adapter was written and tested against. It decides which parameters
 * exist: `allowed_payment_method_types` took the place of `payment_method_types` on payment intents in September 2026.
 */
export const apiVersion = "2026-10-28.endive"
