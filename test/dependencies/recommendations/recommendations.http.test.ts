/** The recommender's contract over HTTP, against the sandbox's; and what a page gets while it fails. */
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer, Logger } from "effect"
import {
  HttpRecommendations,
  RecommendationsUrl
} from "../../../src/dependencies/recommendations/HttpRecommendations.ts"
import { recommendationsPolicy } from "../../../src/dependencies/recommendations/policy.ts"
import { Recommendations } from "../../../src/dependencies/recommendations/Recommendations.ts"
import { products } from "../../../src/sandbox/catalogue.ts"
import { faulty, sandboxServer, sandboxUrl } from "../../sandbox/serverForTests.ts"
import { Known, live, recommendationsContract } from "./contract.ts"

const [first, second, third] = products.map(({ sku }) => sku)
const url = Layer.effect(
  RecommendationsUrl,
  Effect.map(sandboxUrl, (base) => `${base}/recommendations/`)
)
const recommender = Layer.merge(
  Layer.succeed(Known, first ?? ""),
  HttpRecommendations.layer.pipe(Layer.provide(url))
).pipe(Layer.provideMerge(sandboxServer))

recommendationsContract("over HTTP", recommender)

layer(Layer.merge(recommender, Logger.layer([])), { excludeTestServices: true })("a recommender that fails", (it) => {
  const of = (sku: string | undefined) => Effect.flatMap(Recommendations, (service) => service.of(sku ?? ""))
  const path = "/recommendations/"

  it.effect("is answered for with what it said last, and with nothing where it said nothing, whatever it does", () =>
    Effect.gen(function* () {
      for (const mode of ["status", "garbage", "html", "reset_mid", "hang_before", "huge", "wrong_type"] as const) {
        yield* Effect.gen(function* () {
          const heard = yield* live(first ?? "")
          yield* faulty({ mode, path })
          const stale = yield* of(first)
          assert.deepStrictEqual([stale._tag, stale.value], ["Stale", heard.value], mode)
          const nothing = yield* of(second)
          assert.deepStrictEqual([nothing._tag, nothing.value], ["Fallback", []], mode)
          yield* faulty({ mode: "none" })
        }).pipe(Effect.provide(Layer.fresh(Layer.provide(HttpRecommendations.layer, url))))
      }
    })
  )
})

layer(Layer.merge(recommender, Logger.layer([])), { excludeTestServices: true })("a recommender that hangs", (it) => {
  it.effect("costs a page its attempt a few times, and then nothing: the circuit is open", () =>
    Effect.gen(function* () {
      const service = yield* Recommendations
      yield* faulty({ mode: "hang_before", path: "/recommendations/" })
      const asked = Effect.timed(service.of(third ?? ""))
      for (let failures = 0; failures < recommendationsPolicy.breaker.consecutive; failures++) yield* asked
      const times: Array<number> = []
      for (let page = 0; page < 50; page++) {
        const [took, { _tag }] = yield* asked
        assert.strictEqual(_tag, "Fallback")
        times.push(Duration.toMillis(took))
      }
      const median = times.toSorted((one, other) => one - other)[25] ?? Infinity
      assert.isBelow(median, 10)
      yield* faulty({ mode: "none" })
    })
  )
})
