/** The recommender's contract in memory. */
import { Array, Effect, Layer } from "effect"
import { Pairings, RecommendationsMemory } from "../../../src/dependencies/recommendations/RecommendationsMemory.ts"
import { Known, recommendationsContract } from "./contract.ts"

const known = Layer.effect(
  Known,
  Effect.map(Pairings, (pairings) => {
    pairings.set(
      "CUP",
      Array.makeBy(20, (n) => `SAUCER-${n}`)
    )
    return "CUP"
  })
)

recommendationsContract("in memory", Layer.provideMerge(known, RecommendationsMemory.layer))
