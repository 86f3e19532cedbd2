/** Tells a running sandbox where the shop takes the provider's events. One that cannot be told sends none: a warning. */
import { Effect, Schedule } from "effect"

const again = Schedule.spaced("200 millis").pipe(Schedule.upTo({ times: 5 }))

export const tellWebhookUrl = (sandboxUrl: string, url: string): Effect.Effect<void> =>
  Effect.tryPromise((signal) =>
    fetch(new URL("/_sandbox/webhooks", sandboxUrl), {
      method: "POST",
      headers: { "content-type": "application/json" },
      // An address to listen on everywhere is no address to send to.
      body: JSON.stringify({ url: url.replace(/\/\/(0\.0\.0\.0|\[::\])/, "//127.0.0.1") }),
      signal
    })
  ).pipe(
    Effect.filterOrFail(({ ok }) => ok),
    Effect.timeout("2 seconds"),
    Effect.retry(again),
    Effect.catch(() => Effect.logWarning("the sandbox does not know where to send the payment provider's events")),
    Effect.asVoid
  )
