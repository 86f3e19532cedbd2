/**
 * The machine of an order: a complete search of what can happen to one while nothing but its answers varies.
 *
 * The search takes every answer that each operation may get, loses any number of them, and crashes between any two
 * writes; what is asked next depends on the record alone, so a crash is a record that is looked at again.
 */
import { assert, describe, it } from "@effect/vitest"
import { decide } from "../../src/orders/saga.ts"
import { record } from "../../src/orders/sagaAnswers.ts"
import {
  type Answer,
  apply,
  type Change,
  nameOf,
  type Operation,
  type SagaRecord
} from "../../src/orders/sagaRecord.ts"

const fresh: SagaRecord = {
  orderId: "ord_1",
  status: "pending",
  totalCents: 1000,
  currency: "EUR",
  paymentMethod: "pm_card_visa",
  lines: [{ sku: "CUP-1", quantity: 1 }],
  keeper: "here",
  reservation: "none",
  stockSent: undefined,
  providerId: undefined,
  operations: {},
  refunds: [],
  cancelRequested: false,
  fulfilled: false,
  statusSinceMillis: 0,
  sentAtMillis: {},
  searchedEmptyAtMillis: undefined
}
const changesOf = (known: SagaRecord, operation: Operation, answer: Answer, seq = 0) =>
  record(known, { operation, seq }, answer, 0)

const answers: Record<Operation, ReadonlyArray<Answer>> = {
  create: [{ _tag: "Created", providerId: "pi_1" }],
  confirm: [
    { _tag: "Authorized" },
    { _tag: "Declined", reason: "declined" },
    { _tag: "RequiresAction", url: "https://bank.example", expiresAtMillis: 600_000 }
  ],
  capture: [{ _tag: "Captured" }],
  cancel: [{ _tag: "Cancelled" }],
  refund: [{ _tag: "Refunded" }],
  reserve: [{ _tag: "StockMoved" }, { _tag: "StockShort", lines: [] }],
  hold: [{ _tag: "StockMoved" }, { _tag: "StockLost" }, { _tag: "StockShort", lines: [] }],
  commit: [{ _tag: "StockMoved" }],
  release: [{ _tag: "StockMoved" }],
  restock: [{ _tag: "StockMoved" }]
}
const elsewhere: SagaRecord = { ...fresh, keeper: "elsewhere" }
const afterAction: ReadonlyArray<Answer> = [
  { _tag: "Authorized" },
  { _tag: "Declined", reason: "declined" },
  { _tag: "Cancelled" },
  { _tag: "RequiresAction", url: "https://bank.example", expiresAtMillis: 600_000 }
]

/** Every record that one change can lead to: a reservation may fail, a lease may be over. */
const outcomes = (known: SagaRecord, change: Change, now: number): ReadonlyArray<SagaRecord> => {
  const applied = apply(known, change, now)
  if (change._tag === "Reserve") return [applied, apply(known, { _tag: "Status", status: "failed" }, now)]
  if (change._tag === "Hold") return [applied, { ...known, reservation: "released" }]
  return [applied]
}

interface Search {
  readonly seen: Map<string, SagaRecord>
  readonly violations: Array<string>
  readonly finals: Set<string>
}

const search = (start: SagaRecord, now: number): Search => {
  const seen = new Map<string, SagaRecord>()
  const violations: Array<string> = []
  const finals = new Set<string>()
  const todo: Array<SagaRecord> = [start]
  const visit = (known: SagaRecord) => {
    const key = JSON.stringify(known)
    if (!seen.has(key)) {
      seen.set(key, known)
      todo.push(known)
    }
  }
  const writing = (from: SagaRecord, changes: ReadonlyArray<Change>): ReadonlyArray<SagaRecord> =>
    changes.reduce<ReadonlyArray<SagaRecord>>(
      (all, change) => all.flatMap((known) => outcomes(known, change, now)),
      [from]
    )
  for (let known = todo.pop(); known !== undefined; known = todo.pop()) {
    violations.push(...broken(known))
    const decision = decide(known, now)
    if (decision._tag === "Finished") finals.add(known.status)
    if (decision._tag === "Write") writing(known, decision.changes).forEach(visit)
    if (decision._tag === "Send") {
      if (known.sentAtMillis[nameOf(decision)] === undefined)
        violations.push(`${decision.operation} sent without being marked`)
      for (const answer of answers[decision.operation])
        writing(known, changesOf(known, decision.operation, answer)).forEach(visit)
    }
    if (decision._tag === "Ask")
      for (const answer of afterAction) writing(known, changesOf(known, "confirm", answer)).forEach(visit)
  }
  return { seen, violations, finals }
}

/** What must hold of every record that can come about. */
const broken = (known: SagaRecord): ReadonlyArray<string> => {
  const found: Array<string> = []
  const { confirm, capture, create } = known.operations
  const taken = known.reservation === "held" || known.reservation === "committed"
  if (confirm === "sent" && known.reservation !== "held") found.push("confirm sent without held stock")
  if (capture !== undefined && confirm !== "succeeded") found.push("captured what was not authorized")
  if (confirm !== undefined && known.providerId === undefined) found.push("confirmed a payment whose id is not stored")
  if (create === undefined && known.providerId !== undefined) found.push("a payment that nobody asked for")
  if (known.status === "captured" && !taken) found.push("captured without stock")
  if (known.status === "captured" && known.totalCents > 0 && capture !== "succeeded")
    found.push("captured without money")
  if (known.status === "confirmed" && known.totalCents > 0 && confirm !== "succeeded")
    found.push("confirmed without payment")
  if (known.status === "failed" && taken) found.push("failed with stock")
  if ((known.status === "failed" || known.status === "cancelled") && confirm === "sent")
    found.push("ended while the payment was in doubt")
  if (known.status === "cancelled" && taken) found.push("cancelled with stock")
  if (create !== undefined && known.reservation === "none") found.push("a payment without a reservation")
  return found
}

describe("the machine of an order", () => {
  it("keeps every rule in every record that can come about, and ends", () => {
    const early = search(fresh, 0)
    assert.deepStrictEqual(early.violations, [])
    assert.deepStrictEqual([...early.finals].sort(), ["cancelled", "captured", "failed"])
    assert.isAbove(early.seen.size, 15)
  })

  it("keeps every rule when the goods are kept elsewhere", () => {
    const { finals, seen, violations } = search(elsewhere, 0)
    assert.deepStrictEqual(violations, [])
    assert.deepStrictEqual([...finals].sort(), ["cancelled", "captured", "failed"])
    assert.isAbove(seen.size, 25)
    assert.isTrue([...seen.values()].every((known) => known.stockSent !== "hold" || !known.operations.confirm))
  })

  it("tells a stock keeper elsewhere of an end before it is done with the order", () => {
    const over: SagaRecord = { ...elsewhere, status: "cancelled", reservation: "released", stockSent: "release" }
    assert.deepStrictEqual(decide(over, 0), { _tag: "Send", operation: "release", seq: 0 })
    const [answered] = changesOf(over, "release", { _tag: "StockMoved" })
    assert.deepStrictEqual(answered, { _tag: "StockAnswered", reservation: "released" })
    assert.deepStrictEqual(decide({ ...over, stockSent: undefined }, 0), { _tag: "Finished" })
  })

  it("restocks elsewhere what was paid back and never left the house, once the sale was answered", () => {
    const back: SagaRecord = { ...elsewhere, status: "refunded", reservation: "committed", stockSent: "commit" }
    assert.deepStrictEqual(decide(back, 0), { _tag: "Send", operation: "commit", seq: 0 })
    const answered: SagaRecord = { ...back, stockSent: undefined }
    const restock: Change = { _tag: "MarkSent", operation: "restock", seq: 0 }
    assert.deepStrictEqual(decide(answered, 0), { _tag: "Write", changes: [restock] })
    assert.deepStrictEqual(decide({ ...answered, fulfilled: true }, 0), { _tag: "Finished" })
  })

  it("gives up on a customer who has not authenticated in time, and only then", () => {
    const waiting: SagaRecord = {
      ...fresh,
      status: "requires_action",
      reservation: "held",
      providerId: "pi_1",
      operations: { create: "succeeded", confirm: "closed" }
    }
    assert.deepStrictEqual(decide(waiting, 599_999), { _tag: "Ask", operation: "confirm", seq: 0 })
    assert.deepStrictEqual(decide(waiting, 600_000), {
      _tag: "Write",
      changes: [{ _tag: "MarkSent", operation: "cancel", seq: 0 }]
    })
    const late = search(waiting, 600_000)
    assert.deepStrictEqual(late.violations, [])
    assert.deepStrictEqual([...late.finals], ["cancelled"])
  })

  it.each([fresh, elsewhere])("asks nobody for money when there is nothing to pay, and goods are $keeper", (order) => {
    const { finals, seen, violations } = search({ ...order, totalCents: 0 }, 0)
    assert.deepStrictEqual(violations, [])
    assert.deepStrictEqual([...finals].sort(), ["captured", "failed"])
    assert.isTrue([...seen.values()].every((known) => Object.keys(known.operations).length === 0))
  })

  it("drops an answer to what it is not waiting for", () => {
    const paid: SagaRecord = {
      ...fresh,
      status: "captured",
      operations: { confirm: "succeeded", capture: "succeeded" }
    }
    assert.deepStrictEqual(changesOf(paid, "confirm", { _tag: "Declined", reason: "declined" }), [])
    assert.deepStrictEqual(changesOf(fresh, "capture", { _tag: "Captured" }), [])
  })

  it("sends again, and nothing else, what was sent and not answered", () => {
    const confirming: SagaRecord = {
      ...fresh,
      status: "reserved",
      reservation: "held",
      providerId: "pi_1",
      operations: { create: "succeeded", confirm: "sent" }
    }
    assert.deepStrictEqual(decide(confirming, 0), { _tag: "Send", operation: "confirm", seq: 0 })
  })
})
