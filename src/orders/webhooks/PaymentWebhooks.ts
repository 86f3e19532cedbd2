/**
 * What the payment provider tells the shop unasked. An event is checked, kept, and acknowledged; what it means for its
 * order is found out later, by the order's own job. So an answer takes one insert, whatever is going on.
 *
 * Receiving is idempotent by the event's id. A refusal or a failure stores nothing: the provider sends the event again.
 */
import { Clock, Context, Effect, Layer, Option, Redacted } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../../database/errors.ts"
import { WebhookSignatureRefused, WebhookUnreadable } from "./errors.ts"
import { readEvent } from "./PaymentEvent.ts"
import { refusalOf } from "./signature.ts"
import { WebhookInbox } from "./WebhookInbox.ts"

/** What the provider signs its events with. */
export class WebhookSecret extends Context.Service<WebhookSecret, Redacted.Redacted>()(
  "holdfast/orders/webhooks/WebhookSecret"
) {
  /** A fixed secret, for tests and for the shop in memory. */
  static readonly layerMemory = Layer.succeed(WebhookSecret, Redacted.make("whsec_in_memory"))
}

/** As it came over the wire: the signature is over these very bytes. */
export interface SignedEvent {
  readonly signature: string | undefined
  readonly body: Uint8Array
}

export class PaymentWebhooks extends Context.Service<
  PaymentWebhooks,
  {
    readonly receive: (
      event: SignedEvent
    ) => Effect.Effect<void, WebhookSignatureRefused | WebhookUnreadable | DatabaseUnavailable | QueryTimeout>
  }
>()("holdfast/orders/webhooks/PaymentWebhooks") {
  static readonly layer = Layer.effect(
    PaymentWebhooks,
    Effect.gen(function* () {
      const secret = yield* WebhookSecret
      const inbox = yield* WebhookInbox
      const receive = Effect.fn("PaymentWebhooks.receive")(function* ({ body, signature }: SignedEvent) {
        const reason = refusalOf(signature, body, secret, yield* Clock.currentTimeMillis)
        if (reason !== undefined) return yield* new WebhookSignatureRefused({ reason })
        const event = readEvent(body)
        if (Option.isNone(event)) return yield* new WebhookUnreadable()
        yield* inbox.keep(event.value)
      })
      return PaymentWebhooks.of({ receive })
    })
  )
}
