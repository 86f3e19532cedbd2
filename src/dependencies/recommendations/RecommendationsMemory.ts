/** Recommendations in memory: what a test has said goes together. */
import { Context, Effect, Layer } from "effect"
import { mostRecommended } from "./policy.ts"
import { Recommendations, type Skus } from "./Recommendations.ts"

/** What goes with what. */
export class Pairings extends Context.Service<Pairings, Map<string, Skus>>()(
  "holdfast/dependencies/recommendations/Pairings"
) {}

export const RecommendationsMemory = {
  layer: Layer.effectContext(
    Effect.sync(() => {
      const pairings = new Map<string, Skus>()
      const of = (sku: string) =>
        Effect.sync(() => ({ _tag: "Fresh" as const, value: (pairings.get(sku) ?? []).slice(0, mostRecommended) }))
      return Context.make(Recommendations, Recommendations.of({ of })).pipe(Context.add(Pairings, pairings))
    })
  )
}
