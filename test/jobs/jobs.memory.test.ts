/** The queue's contract on the map, and what only its clock can show. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { leaseSeconds, Settlement, soloCrashes } from "../../src/jobs/Job.ts"
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
      assert.deepStrictEqual(yield* jobs.claim("orders", 1), [])
      const [second] = yield* jobs.claimAlone("orders")
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

  it.effect("a job whose lease has ended runs alone, and only what it does alone counts against it", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      const add = (key: string) => jobs.enqueue({ queue: "orders", key, payload: {} })
      const crash = Effect.andThen(TestClock.adjust(`${leaseSeconds + 1} seconds`), jobs.sweep)
      yield* add("poison")
      yield* add("bystander")
      yield* jobs.claim("orders", 2)
      yield* crash
      assert.isTrue(yield* jobs.hasAlone("orders"))
      const seen: Array<string> = []
      for (let crashes = 0; crashes < soloCrashes; crashes++) {
        const [job] = yield* jobs.claimAlone("orders")
        seen.push(job!.key)
        yield* crash
      }
      assert.deepStrictEqual(new Set(seen), new Set(["poison"]))
      const [bystander] = yield* jobs.claimAlone("orders")
      assert.strictEqual(bystander?.key, "bystander")
      assert.isTrue(yield* jobs.settle(bystander!, Settlement.done))
      assert.deepInclude((yield* jobs.queues)[0], { ready: 0, running: 0, dead: 1 })
    }).pipe(Effect.provide(Jobs.layerMemory))
  )
})
