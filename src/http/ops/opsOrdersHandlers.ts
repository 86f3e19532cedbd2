/** Unpacks what operators do with an order. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { fulfilling } from "../../ops/fulfilment.ts"
import { OpsApi } from "./OpsApi.ts"
import { mayChange } from "./OpsAuthorization.ts"

export const opsOrdersHandlers = HttpApiBuilder.group(
  OpsApi,
  "orders",
  Effect.fn(function* (handlers) {
    const fulfil = yield* fulfilling
    return handlers.handleAll({
      fulfil: Effect.fnUntraced(function* ({ params, payload }) {
        yield* fulfil(params.id, { actor: yield* mayChange, reason: payload.reason })
        return { id: params.id, status: "fulfilled" as const }
      })
    })
  })
)
