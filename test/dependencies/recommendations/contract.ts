/** What every recommender promises, whichever it is. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, type Layer } from "effect"
import { mostRecommended } from "../../../src/dependencies/recommendations/policy.ts"
import { Recommendations } from "../../../src/dependencies/recommendations/Recommendations.ts"
import { eventually } from "../../eventually.ts"

/** A product that the recommender knows more than enough to say about. */
export class Known extends Context.Service<Known, string>()("holdfast/test/Known") {}

/** A live answer: on a busy machine one may be late, and then its substitute is right. */
export const live = (sku: string) =>
  eventually(
    Effect.flatMap(Recommendations, (service) => service.of(sku)),
    ({ _tag }) => _tag === "Fresh",
    { every: "100 millis", within: "15 seconds" }
  )

export const recommendationsContract = <E>(name: string, recommender: Layer.Layer<Recommendations | Known, E>) =>
  layer(recommender, { excludeTestServices: true })(`recommendations, ${name}`, (it) => {
    it.effect("are other products, each once, and not too many", () =>
      Effect.gen(function* () {
        const sku = yield* Known
        const recommended = yield* live(sku)
        assert.strictEqual(recommended._tag, "Fresh")
        assert.lengthOf(recommended.value, mostRecommended)
        assert.strictEqual(new Set(recommended.value).size, mostRecommended)
        assert.notInclude(recommended.value, sku)
      })
    )

    it.effect("are none for a product that nobody knows, which is an answer", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* live("NOBODY-KNOWS"), { _tag: "Fresh", value: [] })
      })
    )
  })
