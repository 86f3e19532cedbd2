/** What is to be expected of one order: its next step, whom it waits for, and when a person is called. Pure. */
import { decide, actionDeadlineMillis, keyLifeMillis } from "../../orders/saga.ts"
import { isOfStock, type Operation, type SagaRecord, stateOf } from "../../orders/sagaRecord.ts"
import { doubtAfterMillis, overdueAt, unansweredSince } from "../../orders/waiting.ts"
import { calledAfterMillis, ordersLeftBehind, paymentsInDoubt } from "./alarms.ts"
import type { Next, Reason } from "./Explanation.ts"
import { type Expected, expectedOfJob, nothing, type Surroundings, utc } from "./expectedOfJob.ts"
import type { JobRow } from "./jobHistory.ts"
import { dependencyOf, stepInWords } from "./stepWords.ts"

/** States that an order passes at once as long as the shop works: those of the alert. */
const passedAtOnce: ReadonlySet<string> = new Set(["pending", "authorized"])

const operations: ReadonlyArray<Operation> = [
  "create",
  "confirm",
  "capture",
  "cancel",
  "refund",
  "reserve",
  "hold",
  "commit",
  "release",
  "restock"
]

export const expectedOfOrder = (record: SagaRecord, job: JobRow | undefined, around: Surroundings): Expected => {
  const { nowMillis } = around
  const about = record.orderId
  const decision = decide(record, nowMillis)
  const step = stepInWords(record, decision)
  if (decision._tag === "Finished" && (job === undefined || job.state === "done")) {
    return { waits: [], next: [{ about, what: "nothing more by itself: the order is finished" }] }
  }
  const called = dependencyOf(decision)
  const ofJob =
    job === undefined
      ? step === undefined
        ? nothing
        : { waits: [], next: [{ about, what: `${step}, when the sweep finds that it has no job` }] }
      : expectedOfJob(job, step, called === undefined ? [] : [called], around)
  const isAlive = job !== undefined && job.state !== "dead" && job.state !== "discarded"
  if (decision._tag === "Finished" || !isAlive) return ofJob
  return {
    waits: [...ofJob.waits, ...others(record, nowMillis)],
    next: [...ofJob.next, ...deadlines(record, nowMillis)]
  }
}

/** The oldest operation that the provider, or the stock keeper, has not answered. */
const doubtful = (record: SagaRecord, nowMillis: number) => {
  const since = unansweredSince(record)
  if (since === undefined || nowMillis - since < doubtAfterMillis) return undefined
  const operation = operations.find((each) =>
    Object.entries(record.sentAtMillis).some(
      ([name, sentAt]) =>
        sentAt === since &&
        name.startsWith(`${each}:`) &&
        stateOf(record, { operation: each, seq: Number(name.split(":")[1]) }) === "sent"
    )
  )
  return operation === undefined ? undefined : { operation, since, ofStock: isOfStock(operation) }
}

/** Whom it waits for, apart from its own job. */
const others = (record: SagaRecord, nowMillis: number): ReadonlyArray<Reason> => {
  const about = record.orderId
  const waits: Array<Reason> = []
  const doubt = doubtful(record, nowMillis)
  if (doubt !== undefined) {
    const who = doubt.ofStock ? "the stock keeper" : "the payment provider"
    const what = `${who} has not said what became of its ${doubt.operation}: it may have taken effect`
    waits.push({ because: "provider", about, what, since: utc(doubt.since) })
    const called = doubt.since + calledAfterMillis(paymentsInDoubt)
    if (!doubt.ofStock && called <= nowMillis) {
      waits.push({
        because: "person",
        about,
        what: `a person was called (${paymentsInDoubt.alert})`,
        since: utc(called)
      })
    }
  }
  if (record.status === "requires_action") {
    const until = utc(record.statusSinceMillis + actionDeadlineMillis)
    const what = "the customer has to approve the payment"
    waits.push({ because: "customer", about, what, since: utc(record.statusSinceMillis), until })
  }
  return waits
}

/** What its time brings, as long as nothing else happens. */
const deadlines = (record: SagaRecord, nowMillis: number): ReadonlyArray<Next> => {
  const about = record.orderId
  const found: Array<readonly [atMillis: number, what: string]> = []
  const doubt = doubtful(record, nowMillis)
  if (doubt !== undefined && !doubt.ofStock) {
    found.push([doubt.since + calledAfterMillis(paymentsInDoubt), `a person is called (${paymentsInDoubt.alert})`])
    found.push([doubt.since + keyLifeMillis, "its key ends: from then on the provider is only asked about it"])
  }
  if (record.status === "requires_action") {
    const what = "its payment is cancelled, unless the customer has approved it"
    found.push([record.statusSinceMillis + actionDeadlineMillis, what])
  }
  if (passedAtOnce.has(record.status)) {
    const called = record.statusSinceMillis + calledAfterMillis(ordersLeftBehind)
    found.push([called, `a person is called (${ordersLeftBehind.alert})`])
  }
  found.push([overdueAt(record), "its job gives up and a person is called (DeadLetters)"])
  return found
    .filter(([at]) => at > nowMillis && Number.isFinite(at))
    .map(([at, what]) => ({ about, what, at: utc(at) }))
}
