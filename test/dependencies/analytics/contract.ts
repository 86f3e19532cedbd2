/** What every counter of events promises, whichever it is. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, type Layer } from "effect"
import { Analytics } from "../../../src/dependencies/analytics/Analytics.ts"

/** The other end: how many of each name arrived, once all that was tracked did. */
export class Counts extends Context.Service<
  Counts,
  { readonly of: (name: string, expected: number) => Effect.Effect<number> }
>()("holdfast/test/Counts") {}

export const analyticsContract = <E>(name: string, counter: Layer.Layer<Counts, E>) =>
  layer(counter, { excludeTestServices: true })(`analytics, ${name}`, (it) => {
    it.effect("hears of every event once", () =>
      Effect.gen(function* () {
        const { track } = yield* Analytics
        const counts = yield* Counts
        for (let n = 0; n < 1_200; n++) yield* track({ name: "order_placed", about: `ord_${n}` })
        yield* track({ name: "user_signed_up", about: "usr_1" })
        assert.strictEqual(yield* counts.of("user_signed_up", 1), 1)
        assert.strictEqual(yield* counts.of("order_placed", 1_200), 1_200)
      })
    )
  })
