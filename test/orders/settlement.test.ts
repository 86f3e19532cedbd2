/** When an order's job comes back after the database failed it. */
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { QueryTimeout } from "../../src/database/errors.ts"
import type { ClaimedJob } from "../../src/jobs/Job.ts"
import { settlementOf } from "../../src/orders/sagaSettlement.ts"

const jobAfter = (attempts: number): ClaimedJob => ({
  id: "1",
  queue: "orders",
  key: "ord_1",
  payload: {},
  lease: "lease",
  attempts,
  createdAt: DateTime.makeUnsafe(0),
  slotted: false
})

describe("an order whose steps the database failed", () => {
  it.effect("comes back within eight seconds, however often that happened", () =>
    Effect.gen(function* () {
      const settlements = yield* Effect.replicateEffect(
        settlementOf(jobAfter(20), { failure: new QueryTimeout() }),
        200
      )
      for (const settlement of settlements) {
        expect(settlement._tag).toBe("Retry")
        expect("delayMillis" in settlement ? settlement.delayMillis : Number.NaN).toBeLessThanOrEqual(8_000)
      }
    })
  )
})
