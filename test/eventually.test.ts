import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { eventually } from "./eventually.ts"

describe("what a test waits for", () => {
  const counted = () => {
    let looks = 0
    return Effect.sync(() => ++looks)
  }

  it.effect("is looked for until it is so, and handed back", () =>
    Effect.gen(function* () {
      const waiting = yield* Effect.forkChild(eventually(counted(), (looks) => looks === 3))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(waiting), 3)
    })
  )

  it.effect("and does not come is a failure, which shows what was seen last", () =>
    Effect.gen(function* () {
      const options = { every: "1 second", within: "10 seconds" } as const
      const waiting = yield* Effect.forkChild(eventually(counted(), (looks) => looks === 1_000, options))
      yield* TestClock.adjust("1 minute")
      const exit = yield* Fiber.await(waiting)
      assert.match(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", /within 10 seconds: 1\d\n/)
    })
  )
})
