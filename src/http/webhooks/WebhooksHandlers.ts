/** Hands events over, and says that they arrived. */
import { Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { PaymentWebhooks } from "../../orders/webhooks/PaymentWebhooks.ts"
import { Api } from "../Api.ts"

export const webhooksHandlers = HttpApiBuilder.group(
  Api,
  "webhooks",
  Effect.fn(function* (handlers) {
    const webhooks = yield* PaymentWebhooks
    return handlers.handleAll({
      payments: Effect.fnUntraced(function* ({ payload }) {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        yield* webhooks.receive({ signature: headers["stripe-signature"], body: payload })
        return { received: true as const }
      })
    })
  })
)
