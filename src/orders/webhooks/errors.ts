/** How the shop refuses what claims to be an event of a provider. Nothing was stored; the provider sends it again. */
import { Schema } from "effect"

export class WebhookSignatureRefused extends Schema.TaggedError<WebhookSignatureRefused>()("WebhookSignatureRefused", {
  reason: Schema.Literals(["missing", "malformed", "wrong", "too_old"])
}) {
  readonly category = "permanent" as const
  override get message() {
    return "This event is not signed as the provider signs: check the signing secret and the clock, and sign the body as it is sent."
  }
}

/** Signed by the provider, and still no event. */
export class WebhookUnreadable extends Schema.TaggedError<WebhookUnreadable>()("WebhookUnreadable", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "The body is not an event: send JSON with an id, a type and its data."
  }
}
