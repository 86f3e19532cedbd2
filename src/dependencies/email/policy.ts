/**
 * How the shop treats the email provider, and why. No fallback: a mail that cannot be sent waits in its job, and nobody
 * who places an order or signs up waits for it.
 */
import { Backoff } from "../../resilience/index.ts"
import type { Policy } from "../../resilience/index.ts"

/**
 * Mails a second that this node sends at most. A backlog of a thousand drains within a minute; the provider's own limit
 * (two to ten a second for small accounts) shows as 429 with `Retry-After`, which pauses all of them.
 */
export const mailsPerSecond = 25

export const emailPolicy: Policy = {
  /** Usually answered in a few hundred milliseconds; nobody waits for it, so a slow answer is better than a doubt. */
  attemptTimeout: "5 seconds",
  /** The second try is for a lost packet; the mail's job makes longer pauses by itself. */
  attempts: 2,
  backoff: Backoff.full({ base: "500 millis", cap: "500 millis" }),
  /** Two whole attempts and the pause: below a job's lease of 15 seconds. */
  deadline: "11 seconds",
  attemptFloor: "200 millis",
  connectTimeout: "2 seconds",
  /** 25 mails a second at 300 ms each are eight at once. */
  concurrency: 8,
  rateLimit: { permits: mailsPerSecond, per: "1 second", burst: mailsPerSecond },
  breaker: {
    consecutive: 5,
    /** Mails are in no hurry, but a backlog is to be gone a minute after the provider is back. */
    openFor: "5 seconds",
    probes: 1,
    rate: { failures: 0.5, minimumCalls: 20, window: "10 seconds" }
  },
  retryAfterCap: "60 seconds"
}

/** An answer is an id, or an error of a few lines. */
export const longestAnswerBytes = 64 * 1024
