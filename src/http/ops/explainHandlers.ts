/** Explains what an id leads to. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Explain } from "../../ops/explain/Explain.ts"
import { OpsApi } from "./OpsApi.ts"

export const explainHandlers = HttpApiBuilder.group(
  OpsApi,
  "explain",
  Effect.fn(function* (handlers) {
    const { find } = yield* Explain
    return handlers.handleAll({ explain: ({ query }) => find(query.id) })
  })
)
