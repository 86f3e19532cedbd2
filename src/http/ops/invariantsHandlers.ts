/** Shows the invariants, from memory. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Invariants } from "../../ops/Invariants.ts"
import { OpsApi } from "./OpsApi.ts"

export const invariantsHandlers = HttpApiBuilder.group(
  OpsApi,
  "invariants",
  Effect.fn(function* (handlers) {
    const { all } = yield* Invariants
    return handlers.handleAll({ list: () => Effect.map(all, (data) => ({ data })) })
  })
)
