/** The contract of what providers tell the shop: signed over the raw body, acknowledged as soon as it is stored. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { failsWith } from "../failsWith.ts"

export const WebhooksApi = HttpApiGroup.make("webhooks").add(
  HttpApiEndpoint.post("payments", "/v1/webhooks/payments", {
    // The bytes as they came: the signature is over them, not over what they say.
    payload: Schema.Uint8Array.pipe(HttpApiSchema.asUint8Array({ contentType: "application/json" })),
    success: Schema.Struct({ received: Schema.Literal(true) }),
    error: failsWith(
      "WebhookSignatureRefused",
      "WebhookUnreadable",
      "MalformedRequest",
      "DatabaseUnavailable",
      "QueryTimeout"
    )
  })
)
