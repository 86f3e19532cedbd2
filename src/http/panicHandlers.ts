/** Answers `GET /panic`: with a defect where that is wanted, with nothing elsewhere. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "./Api.ts"
import { RouteNotFound } from "./errors.ts"
import { DefectsOnDemand, panic } from "./PanicApi.ts"

export const panicHandlers = HttpApiBuilder.group(
  Api,
  "panic",
  Effect.fn(function* (handlers) {
    const wanted = yield* DefectsOnDemand
    return handlers.handleAll({
      panic: () => (wanted ? panic : Effect.fail(new RouteNotFound()))
    })
  })
)
