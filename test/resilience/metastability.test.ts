/** An overload whose cause goes away, in the simulation that `npm run bench:metastability` draws: it ends with its cause. */
import { assert, describe, it } from "@effect/vitest"
import { policies } from "../../bench/kit/metastability/policies.ts"
import { simulate } from "../../bench/kit/metastability/simulation.ts"

const policy = (name: string) => policies.find((policy) => policy.name === name)!

describe("an overload whose cause goes away", () => {
  for (const load of [0.6, 0.8, 0.9]) {
    it(`ends within 15 seconds of it with the kit, at ${load * 100} % load`, () => {
      const { attemptsPerCall, recoveredAfter } = simulate(policy("holdfast/resilience"), load)
      assert.isAtMost(recoveredAfter ?? Infinity, 15)
      assert.isAtMost(attemptsPerCall, 1.1)
    })
  }

  it("stays with three jittered retries and no budget, so the simulation shows what it is about", () => {
    assert.isUndefined(simulate(policy("3 retries, exponential, full jitter"), 0.6).recoveredAfter)
  })

  it("is the same whenever it is run", () => {
    const once = simulate(policy("no retries"), 0.6)
    assert.deepStrictEqual(simulate(policy("no retries"), 0.6), once)
  })
})
