/** What is to be expected of an order: pure, from what is known of it, and what holds calls up. */
import { DateTime } from "effect"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import * as Alarms from "../../../src/ops/explain/alarms.ts"
import type { Surroundings } from "../../../src/ops/explain/expectedOfJob.ts"
import { expectedOfOrder } from "../../../src/ops/explain/expectedOfOrder.ts"
import type { JobRow } from "../../../src/ops/explain/jobHistory.ts"
import type { SagaRecord } from "../../../src/orders/sagaRecord.ts"
import type { Override } from "../../../src/resilience/index.ts"

const start = Date.UTC(2026, 10, 21, 12)
const minute = 60_000
const hour = 60 * minute

const order = (changes: Partial<SagaRecord> = {}): SagaRecord => ({
  orderId: "ord_1",
  status: "reserved",
  totalCents: 500,
  currency: "CHF",
  paymentMethod: "pm_card_visa",
  lines: [],
  keeper: "here",
  reservation: "held",
  stockSent: undefined,
  providerId: "pi_1",
  operations: { create: "succeeded", confirm: "sent" },
  refunds: [],
  cancelRequested: false,
  fulfilled: false,
  statusSinceMillis: start,
  sentAtMillis: { "create:0": start, "confirm:0": start },
  searchedEmptyAtMillis: undefined,
  ...changes
})
const job = (changes: Partial<JobRow> = {}): JobRow => ({
  id: "7",
  queue: "orders",
  key: "ord_1",
  state: "ready",
  run_at: new Date(start),
  lease_until: null,
  attempts: 1,
  crashes: 0,
  parked: false,
  last_error: null,
  last_failed_at: null,
  history: [],
  created_at: new Date(start),
  finished_at: null,
  discarded_by: null,
  discard_reason: null,
  paused_at: null,
  paused_by: null,
  pause_reason: null,
  ...changes
})
const at = (nowMillis: number, orders: ReadonlyArray<Override> = []): Surroundings => ({
  nowMillis,
  orders,
  circuits: []
})
const told = (record: SagaRecord, of: JobRow | undefined, around: Surroundings) => {
  const { next, waits } = expectedOfOrder(record, of, around)
  return {
    waits: waits.map(({ because, what }) => `${because}: ${what}`),
    next: next.map(({ at, what }) => [at === undefined ? "?" : (DateTime.toEpochMillis(at) - start) / 1000, what])
  }
}

describe("what is expected of an order", () => {
  it("whose payment is in doubt: when it is asked about again, when a person is called, when its key ends", () => {
    const failed = { code: "DependencyUnavailable", category: "transient" } as const
    const waiting = job({ run_at: new Date(start + 40_000), attempts: 3, last_error: failed })
    expect(told(order(), waiting, at(start + 20_000))).toEqual({
      waits: [
        "backoff: put off after 3 attempts: DependencyUnavailable",
        "provider: the payment provider has not said what became of its confirm: it may have taken effect"
      ],
      next: [
        [40, "the payment is asked about again, and confirmed under its first key if nothing happened"],
        [65 * 60, "a person is called (PaymentsInDoubt)"],
        [23 * 3600, "its key ends: from then on the provider is only asked about it"],
        [24 * 3600, "its job gives up and a person is called (DeadLetters)"]
      ]
    })
  })

  it("whose payment has been in doubt for two hours: that a person was called", () => {
    const { next, waits } = told(order(), job(), at(start + 2 * hour))
    expect(waits).toContain("person: a person was called (PaymentsInDoubt)")
    expect(next.map(([, what]) => what)).not.toContain("a person is called (PaymentsInDoubt)")
  })

  it("whose provider is switched off: by whom and why", () => {
    const off = {
      target: "payments",
      kind: "off",
      actor: "ada",
      reason: "drill",
      since: start,
      until: undefined,
      persisted: true
    } as const
    expect(told(order(), job({ run_at: new Date(start + 5_000) }), at(start + 1_000, [off])).waits).toEqual([
      "switch: payments is switched off by ada: drill"
    ])
  })

  it("that waits for its customer: until when", () => {
    const acting = order({ status: "requires_action", operations: { create: "succeeded", confirm: "succeeded" } })
    const { next, waits } = told(acting, job({ run_at: new Date(start + 60_000) }), at(start + 30_000))
    expect(waits).toEqual(["customer: the customer has to approve the payment"])
    expect(next.slice(0, 2)).toEqual([
      [60, "the provider is asked whether the customer has approved the payment"],
      [600, "its payment is cancelled, unless the customer has approved it"]
    ])
  })

  it("whose job is dead: that nothing happens, and the command that gives it back", () => {
    const dead = job({ state: "dead", last_error: { code: "needs_operator", category: "permanent" } })
    const { next, waits } = told(order(), dead, at(start + hour))
    expect(waits).toEqual([
      "person: its job is a dead letter (needs_operator) and waits for a person: npm run ops -- dead-letters replay 7 --reason …"
    ])
    expect(next.map(([when]) => when)).toEqual(["?"])
  })

  it("that is due and not taken: that no worker takes it, and when a person is called", () => {
    const pending = order({ status: "pending", reservation: "none", operations: {}, sentAtMillis: {} })
    const { next, waits } = told(pending, job(), at(start + minute))
    expect(waits.map((wait) => wait.split(":")[0])).toEqual(["worker"])
    expect(next.slice(0, 2)).toEqual([
      [60, "its goods are reserved"],
      [600, "a person is called (QueueStalled)"]
    ])
  })

  it("that a worker has in hand: that it is at work; and that another takes it when the worker has gone", () => {
    const confirming = { state: "running", lease_until: new Date(start + 15_000) } as const
    expect(told(order(), job(confirming), at(start + 1_000)).next[0]?.[1]).toMatch(/: a worker is at it$/)
    expect(told(order(), job(confirming), at(start + 17_000)).waits[0]).toMatch(/^worker: its worker has gone/)
  })

  it("that is finished: nothing", () => {
    const captured = order({
      status: "captured",
      reservation: "committed",
      operations: { create: "succeeded", confirm: "succeeded", capture: "succeeded" }
    })
    expect(told(captured, job({ state: "done" }), at(start + hour))).toEqual({
      waits: [],
      next: [["?", "nothing more by itself: the order is finished"]]
    })
  })
})

describe("an alarm that an explanation announces", () => {
  const rules = readFileSync("ops/prometheus/alerts.yml", "utf8")
  it.each(Object.values(Alarms).filter((alarm) => typeof alarm === "object"))(
    "is the alert's: $alert",
    ({ afterMillis, alert, forMillis }) => {
      const rule = rules.split(`- alert: ${alert}\n`)[1]?.split("- alert:", 1)[0]
      expect(rule).toMatch(new RegExp(` > ${afterMillis / 1000}'?\n`))
      expect(rule).toContain(`for: ${forMillis / minute}m\n`)
    }
  )
})
