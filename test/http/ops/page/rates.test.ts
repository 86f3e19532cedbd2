/** What a dependency was used like in the last minute, from counts that only grow. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { comparing } from "../../../../src/http/ops/page/rates.ts"
import type { DependencySnapshot } from "../../../../src/resilience/index.ts"
import { untouched } from "./looks.ts"

const durations = (fast: number, slow = 0, slower = 0) => [fast, 0, 0, 0, 0, 0, 0, 0, slow, 0, 0, 0, 0, slower]

const at = (seconds: number) => 1_000_000 + seconds * 1_000

describe("the rates of a dependency", () => {
  it.effect("are those of the last minute, and unknown at first", () =>
    Effect.gen(function* () {
      const none = yield* untouched
      const look = comparing()
      const seen = (seconds: number, counts: Partial<DependencySnapshot>) =>
        look(at(seconds), [{ ...none, ...counts }]).get("thing")
      assert.isUndefined(seen(0, {}))
      assert.deepStrictEqual(seen(10, { calls: 100, attempts: 110, failures: 11, durations: durations(98, 2) }), {
        callsPerSecond: 10,
        failedShare: 0.1,
        p99Millis: 500
      })
      assert.deepStrictEqual(
        seen(20, { calls: 100, attempts: 110, failures: 11, durations: durations(98, 2) })?.callsPerSecond,
        5
      )
      assert.deepStrictEqual(seen(75, { calls: 165, attempts: 175, failures: 11, durations: durations(161, 2, 2) }), {
        callsPerSecond: 1,
        failedShare: 0,
        p99Millis: Infinity
      })
    })
  )

  it.effect("say nothing of shares and times when nobody called", () =>
    Effect.gen(function* () {
      const none = yield* untouched
      const look = comparing()
      look(at(0), [none])
      assert.deepStrictEqual(look(at(6), [none]).get("thing"), {
        callsPerSecond: 0,
        failedShare: undefined,
        p99Millis: undefined
      })
    })
  )
})
