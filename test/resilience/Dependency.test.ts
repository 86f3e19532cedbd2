/** What a caller of a Dependency can rely on, one fact a test, on a clock that the test moves. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { Dependency, DependencyUnavailable, TransientFailure } from "../../src/resilience/index.ts"

const policy = {
  deadline: "5 seconds",
  attemptTimeout: "1 second",
  attempts: 3,
  backoff: Schedule.spaced("0 millis"),
  concurrency: 10,
  breaker: { consecutive: 5, openFor: "10 seconds" }
} as const

describe("a call", () => {
  it.effect("retries a transient failure and answers with the first success", () =>
    Effect.gen(function* () {
      const dependency = yield* Dependency.make("things", policy)
      let attempts = 0
      const effect = Effect.suspend(() =>
        ++attempts < 3
          ? Effect.fail(new TransientFailure({ reason: "reset", sent: "maybe" }))
          : Effect.succeed(attempts)
      )
      assert.strictEqual(yield* dependency.call(effect, { kind: "read" }), 3)
    })
  )

  it.effect("ends with the last real failure when its attempts are used up", () =>
    Effect.gen(function* () {
      const dependency = yield* Dependency.make("things", policy)
      const failure = new TransientFailure({ reason: "refused", sent: "no" })
      const error = yield* Effect.flip(dependency.call(Effect.fail(failure), { kind: "read" }))
      assert.instanceOf(error, DependencyUnavailable)
      assert.strictEqual(error.reason, "Exhausted")
      assert.strictEqual(error.attempts, 3)
      assert.strictEqual(error.sent, "no")
      assert.strictEqual(error.last, failure)
    })
  )
})
