/** One attempt to hand over an event: signed at the time of sending, over a connection of its own. */
import { Effect, Redacted } from "effect"
import * as http from "node:http"
import { sign } from "../../orders/webhooks/signature.ts"
import { sandboxWebhookSecret } from "../credentials.ts"

/** Whoever takes longer to acknowledge is asked again later; the provider's own patience is about the same. */
const patience = "10 seconds"

/** The status of the answer; 0 when there was none. */
export const deliver = (url: string, body: string, seconds: number): Effect.Effect<number> =>
  Effect.callback<number>((resume) => {
    const bytes = Buffer.from(body)
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "content-length": bytes.length,
      "stripe-signature": sign(Redacted.make(sandboxWebhookSecret), seconds, bytes),
      "user-agent": "Holdfast sandbox"
    }
    const none = () => resume(Effect.succeed(0))
    const request = http.request(url, { method: "POST", headers, agent: false }, (response) => {
      response.on("error", none).on("end", () => resume(Effect.succeed(response.statusCode ?? 0)))
      response.resume()
    })
    request.on("error", none).end(bytes)
    return Effect.sync(() => request.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(0) }))
