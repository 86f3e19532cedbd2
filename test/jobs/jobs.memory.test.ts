/** The queue's contract on the map, and what only its clock can show. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { leaseSeconds, Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { jobsContract } from "./contract.ts"

jobsContract("in memory", Jobs.layerMemory)

describe("the queue's leases", () => {
  it.effect("a lease that is not renewed ends, and its job goes to another, its attempt counted", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      yield* jobs.enqueue({ queue: "orders", key: "abandoned", payload: {} })
      const [first] = yield* jobs.claim("orders", 1)
      yield* TestClock.adjust(`${leaseSeconds} seconds`)
      assert.strictEqual(yield* jobs.sweep, 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* jobs.sweep, 1)
      const [second] = yield* jobs.claim("orders", 1)
      assert.strictEqual(second?.attempts, 2)
      assert.isFalse(yield* jobs.settle(first!, Settlement.done))
    }).pipe(Effect.provide(Jobs.layerMemory))
  )

  it.effect("a lease that is renewed lasts", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      yield* jobs.enqueue({ queue: "orders", key: "renewed", payload: {} })
      const claimed = yield* jobs.claim("orders", 1)
      yield* TestClock.adjust(`${leaseSeconds - 1} seconds`)
      yield* jobs.renew(claimed)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* jobs.sweep, 0)
    }).pipe(Effect.provide(Jobs.layerMemory))
  )
})
