/** Unpacks requests for suggestions, and calls the feature. Nothing else. */
import { DateTime, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Suggestions } from "../../catalog/Suggestions.ts"
import { Api } from "../Api.ts"
import { respondByDefault, respondSeen } from "../degraded.ts"
import { SuggestionsShown } from "./RecommendationsApi.ts"

const feature = "recommendations"

export const recommendationsHandlers = HttpApiBuilder.group(
  Api,
  "recommendations",
  Effect.fn(function* (handlers) {
    const suggestions = yield* Suggestions
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ params }) {
        const seen = yield* suggestions.of(params.id)
        if (seen._tag !== "Nothing") return yield* respondSeen(SuggestionsShown, feature, seen, (data) => ({ data }))
        const none: typeof SuggestionsShown.Type = { data: [] }
        return yield* respondByDefault(SuggestionsShown, none, { feature, since: yield* DateTime.now })
      })
    })
  })
)
