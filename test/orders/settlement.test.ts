/** When an order's job comes back, and when a person is called. */
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration, Effect } from "effect"
import { QueryTimeout } from "../../src/database/errors.ts"
import type { ClaimedJob } from "../../src/jobs/Job.ts"
import type { SagaRecord } from "../../src/orders/sagaRecord.ts"
import { settlementOf } from "../../src/orders/sagaSettlement.ts"
import { DependencyUnavailable } from "../../src/resilience/index.ts"

const jobAfter = (attempts: number, more: Partial<ClaimedJob> = {}): ClaimedJob => ({
  ...more,
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

describe("an order that has waited for a day", () => {
  const record: SagaRecord = {
    orderId: "ord_1",
    status: "refund_pending",
    totalCents: 100,
    currency: "CHF",
    paymentMethod: "pm_card_visa",
    lines: [{ sku: "CUP-1", quantity: 1 }],
    keeper: "here",
    reservation: "committed",
    stockSent: undefined,
    providerId: "pi_1",
    operations: { create: "succeeded", confirm: "succeeded", capture: "succeeded" },
    refunds: [{ seq: 1, amountCents: 100, state: "sent" }],
    cancelRequested: false,
    fulfilled: false,
    statusSinceMillis: 0,
    sentAtMillis: { "refund:1": 86_000_000 },
    searchedEmptyAtMillis: undefined
  }
  const waits = {
    _tag: "Ask",
    operation: "refund",
    seq: 1,
    record,
    nowMillis: 86_400_001,
    leaseMillis: 15_000
  } as const
  const unavailable = (attempts: number) =>
    new DependencyUnavailable("payments", "CircuitOpen", "no", attempts, Duration.seconds(5), undefined)
  const settled = (replayedMillis: number | undefined, attempts: number) =>
    Effect.map(
      settlementOf(jobAfter(1, replayedMillis === undefined ? {} : { replayedMillis }), {
        waits,
        failure: unavailable(attempts)
      }),
      ({ _tag }) => _tag
    )

  it.effect("needs a person; who has just replayed it is not called again before it was tried", () =>
    Effect.gen(function* () {
      expect(yield* settled(undefined, 0)).toBe("Dead")
      expect(yield* settled(60_000, 0)).toBe("Later")
      expect(yield* settled(60_000, 1)).toBe("Dead")
      expect(yield* settled(180_000, 0)).toBe("Dead")
    })
  )
})
