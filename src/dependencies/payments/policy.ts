/**
 * How the shop treats the payment provider, and why. There is no fallback and no last good value for money: when the
 * provider cannot be asked, the order waits in the database and its job asks again later.
 */
import { Effect, Random, Schedule } from "effect"
import * as Duration from "effect/Duration"
import type { Policy } from "../../resilience/index.ts"

/**
 * The job that carries an order repeats its steps with pauses of its own, so the call itself tries only twice, and the
 * second try comes within 500 ms: it is for a lost packet or a connection that had gone idle, not for an outage.
 */
const secondTryWithin = Duration.millis(500)
const fullJitter = Schedule.forever.pipe(
  Schedule.modifyDelay(() => Effect.map(Random.next, (share) => Duration.times(secondTryWithin, share)))
)

export const paymentsPolicy: Policy = {
  /** A bank takes one to three seconds to answer a confirmation; four leave room for a slow one. */
  attemptTimeout: "4 seconds",
  attempts: 2,
  backoff: fullJitter,
  /** Two whole attempts and the pause. Far below a job's lease, so no call outlives the right to make it. */
  deadline: "9 seconds",
  /** A round trip over the internet; less than this would only make one more doubt. */
  attemptFloor: "200 millis",
  /** The provider's limit for reads and writes is a hundred a second or so; this many at 200 ms each stays below it. */
  concurrency: 20,
  /** Five in a row is no accident at this size; after five seconds one order may try again. */
  breaker: { consecutive: 5, openFor: "5 seconds", probes: 1 },
  retryAfterCap: "60 seconds"
}

/** A provider that cannot be connected to within this is down; connecting takes a tenth of it. */
export const connectTimeoutMillis = 2000

/** The largest answer we ask for (a page of 100 payments) is about 300 KB; a longer one is cut and counts as unreadable. */
export const longestAnswerBytes = 1024 * 1024

/**
 * The version of the provider's API that this adapter was written and tested against. It decides which parameters
 * exist: `allowed_payment_method_types` took the place of `payment_method_types` on payment intents in September 2026.
 */
export const apiVersion = "2026-10-28.endive"
