/**
 * Runs an event's job: finds the order that the event is about and wakes it.
 *
 * An event that came before its order is looked at again, for a quarter of an hour. After that it stays in the inbox as
 * unmatched, its job is dead for an operator to see, and the log says so once: money may have moved without an order.
 */
import { Effect } from "effect"
import { backoffMillis } from "../../jobs/backoff.ts"
import { type ClaimedJob, Settlement } from "../../jobs/Job.ts"
import { type EventName, WebhookInbox } from "./WebhookInbox.ts"

/** An order's payment is written down seconds after the provider made it; a quarter of an hour outlives an outage. */
const longestWaitMillis = 15 * 60 * 1000
/** An order that appears is found within a minute. */
const longestPauseMillis = 60_000

const notYet = { code: "OrderOfEventUnknown", category: "transient" } as const
const never = { code: "PaymentEventUnmatched", category: "permanent" } as const

export const runWebhook = Effect.gen(function* () {
  const inbox = yield* WebhookInbox

  const waitOn = Effect.fnUntraced(function* (event: EventName, waitedMillis: number, attempts: number) {
    const left = longestWaitMillis - waitedMillis
    if (left > 0) {
      const pause = Math.min(yield* backoffMillis(attempts), longestPauseMillis, Math.ceil(left))
      return Settlement.retry(pause, notYet)
    }
    yield* inbox.giveUp(event)
    yield* Effect.logFatal("a payment event belongs to no order", { severity: "critical", ...never, event: event.id })
    return Settlement.dead(never)
  })

  return (job: ClaimedJob): Effect.Effect<Settlement> => {
    const event: EventName = { provider: "stripe", id: job.payload["event_id"] ?? "" }
    return inbox.match(event).pipe(
      Effect.flatMap((found) =>
        found._tag === "Unmatched" ? waitOn(event, found.waitedMillis, job.attempts) : Effect.succeed(Settlement.done)
      ),
      Effect.catch(({ _tag, category }) =>
        Effect.gen(function* () {
          const failure = { code: _tag, category }
          yield* Effect.logWarning("event waits", { severity: "expected", ...failure, attempts: job.attempts })
          return Settlement.retry(yield* backoffMillis(job.attempts), failure)
        })
      )
    )
  }
})
