/** The contract of analytics in memory; and that nobody listens unless somebody is there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { Analytics } from "../../../src/dependencies/analytics/Analytics.ts"
import { AnalyticsMemory, Tracked } from "../../../src/dependencies/analytics/AnalyticsMemory.ts"
import { Shop, Users } from "../../../src/testing/index.ts"
import { Email } from "../../../src/users/Email.ts"
import { analyticsContract, Counts } from "./contract.ts"

const counts = Layer.effect(
  Counts,
  Effect.map(Tracked, (tracked) => ({
    of: (name) => Effect.sync(() => tracked.filter((event) => event.name === name).length)
  }))
)

analyticsContract("in memory", Layer.provideMerge(counts, AnalyticsMemory.layer))

describe("an event of the shop", () => {
  it.effect("carries a fact and an id, and nothing of a person", () =>
    Effect.gen(function* () {
      const account = { email: Email.make("ada@example.com"), password: Redacted.make("a password"), name: "Ada" }
      const { id } = yield* (yield* Users).signUp(account)
      assert.deepStrictEqual(yield* Tracked, [{ name: "user_signed_up", about: id }])
    }).pipe(Effect.provide(Layer.provideMerge(Shop.layerMemory, AnalyticsMemory.layer)))
  )

  it.effect("goes nowhere when nobody counts", () =>
    Effect.gen(function* () {
      yield* (yield* Analytics).track({ name: "order_placed", about: "ord_1" })
    })
  )
})
