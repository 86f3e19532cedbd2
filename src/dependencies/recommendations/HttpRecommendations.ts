/** Recommendations over the HTTP contract of docs/recommendations.md. An answer about another product is not believed. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { Dependency, parseRetryAfter, TransientFailure } from "../../resilience/index.ts"
import { wholeAnswer } from "../answers.ts"
import { sendTo } from "../outgoing.ts"
import { fallbackRecommended, longestAnswerBytes, mostRecommended, recommendationsPolicy } from "./policy.ts"
import { Recommendations, type Skus } from "./Recommendations.ts"
import { RecommendedBody } from "./wire.ts"

/** Where the recommender is. */
export class RecommendationsUrl extends Context.Service<RecommendationsUrl, string>()(
  "holdfast/dependencies/recommendations/RecommendationsUrl"
) {}

const connections = NodeHttpClient.layerUndiciOptions({
  connections: recommendationsPolicy.concurrency,
  connect: { timeout: 50 }
})

const failed = (reason: string) => new TransientFailure({ reason, sent: "maybe" })
const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(RecommendedBody))

const layerHttp = Layer.effect(
  Recommendations,
  Effect.gen(function* () {
    const send = sendTo("recommendations", yield* HttpClient.HttpClient)
    const base = (yield* RecommendationsUrl).replace(/\/+$/, "")
    const dependency = yield* Dependency.make("recommendations", recommendationsPolicy)

    const ask = Effect.fnUntraced(function* (sku: string): Effect.fn.Return<Skus, TransientFailure> {
      const url = `${base}/products/${encodeURIComponent(sku)}?limit=${mostRecommended}`
      const { body, headers, status } = yield* wholeAnswer(send, HttpClientRequest.get(url), longestAnswerBytes)
      // It has nothing to say about this product: that is an answer.
      if (status === 404) return []
      if (status === 429) {
        const nowMillis = yield* Clock.currentTimeMillis
        const retryAfter = parseRetryAfter(headers["retry-after"], { date: headers["date"], nowMillis })
        return yield* Effect.fail(
          new TransientFailure({ reason: "rate_limited", sent: "no", retryAfter, throttled: true })
        )
      }
      if (status !== 200) return yield* Effect.fail(failed(`status_${status}`))
      const answer = yield* Effect.mapError(decode(body), () => failed("unreadable_answer"))
      return answer.sku === sku
        ? answer.recommendations.slice(0, mostRecommended)
        : yield* Effect.fail(failed("other_product"))
    })

    return Recommendations.of({
      of: Effect.fn("Recommendations.of")((sku: string) =>
        dependency.call(ask(sku), {
          kind: "read",
          priority: "sheddable",
          staleKey: sku,
          fallback: () => fallbackRecommended
        })
      )
    })
  })
)

export const HttpRecommendations = {
  /** Over a client of the caller's. */
  layerHttp,
  /** Over connections of its own. */
  layer: Layer.provide(layerHttp, connections)
}
