/**
 * What is to be expected of one job: when it runs next, and what keeps it. Pure.
 *
 * A job that is due and not taken says that no worker runs, or that they have more to do than they can. One that its
 * worker left is given to another when its lease ends.
 */
import { DateTime } from "effect"
import type { DependencySnapshot, Override } from "../../resilience/index.ts"
import { calledAfterMillis, queueStalled } from "./alarms.ts"
import type { Next, Reason } from "./Explanation.ts"
import type { JobRow } from "./jobHistory.ts"

/** What holds calls up on the node that is asked. */
export interface Surroundings {
  readonly nowMillis: number
  readonly orders: ReadonlyArray<Override>
  readonly circuits: ReadonlyArray<DependencySnapshot>
}

export interface Expected {
  readonly waits: ReadonlyArray<Reason>
  readonly next: ReadonlyArray<Next>
}
export const nothing: Expected = { waits: [], next: [] }

/** Workers are told of what is due at once, and look once a second. */
const takenWithinMillis = 10_000
/** The sweep for orders whose job is gone. */
const straysAfterMillis = 60_000

export const utc = (millis: number): DateTime.Utc => DateTime.makeUnsafe(Math.round(millis))
const at = (date: Date | null) => (date === null ? {} : { since: DateTime.fromDateUnsafe(date) })

/** `step` is what its run does; none when nothing is left to do. `calls` are whom it calls, and the features behind. */
export const expectedOfJob = (
  job: JobRow,
  step: string | undefined,
  calls: ReadonlyArray<string>,
  surroundings: Surroundings
): Expected => {
  const { key: about } = job
  const { nowMillis } = surroundings
  switch (job.state) {
    case "done":
      return step === undefined
        ? nothing
        : { waits: [], next: [{ about, what: step, at: utc(nowMillis + straysAfterMillis) }] }
    case "discarded": {
      const what = `its job was given up by ${job.discarded_by ?? "an operator"}: ${job.discard_reason ?? "no reason"}`
      return { waits: [{ because: "person", about, what, ...at(job.finished_at) }], next: [] }
    }
    case "dead": {
      const replay = `npm run ops -- dead-letters replay ${job.id} --reason …`
      const what = `its job is a dead letter (${job.last_error?.code ?? "unknown"}) and waits for a person: ${replay}`
      const next = { about, what: `nothing by itself: ${step ?? "its job"} waits until its dead letter is given back` }
      return { waits: [{ because: "person", about, what, ...at(job.finished_at) }], next: [next] }
    }
    case "running":
      return ofRunning(job, step ?? "its job runs", nowMillis)
    case "ready":
      return ofReady(job, step ?? "its job runs", calls, surroundings)
  }
}

const ofRunning = (job: JobRow, step: string, nowMillis: number): Expected => {
  const leaseEnds = job.lease_until?.getTime() ?? nowMillis
  if (leaseEnds > nowMillis) {
    return { waits: [], next: [{ about: job.key, what: `${step}: a worker is at it`, at: utc(nowMillis) }] }
  }
  const what = "its worker has gone without a word: another takes it within seconds"
  return {
    waits: [{ because: "worker", about: job.key, what, since: utc(leaseEnds) }],
    next: [{ about: job.key, what: step, at: utc(nowMillis) }]
  }
}

const ofReady = (
  job: JobRow,
  step: string,
  calls: ReadonlyArray<string>,
  { circuits, nowMillis, orders }: Surroundings
): Expected => {
  const about = job.key
  const due = job.run_at.getTime()
  const waits: Array<Reason> = []
  if (job.paused_at !== null) {
    const what = `the queue ${job.queue} is paused by ${job.paused_by ?? "an operator"}: ${job.pause_reason ?? "no reason"}`
    waits.push({ because: "pause", about: job.queue, what, ...at(job.paused_at) })
  }
  for (const target of calls) waits.push(...heldUp(target, orders, circuits, nowMillis))
  if (job.parked) waits.push({ because: "turn", about, what: "others of its kind are before it" })
  if (due > nowMillis && job.last_error !== null) {
    const what = `put off after ${job.attempts} ${job.attempts === 1 ? "attempt" : "attempts"}: ${job.last_error.code}`
    waits.push({ because: "backoff", about, what, ...at(job.last_failed_at), until: utc(due) })
  }
  const next: Array<Next> = [
    job.paused_at === null
      ? { about, what: step, at: utc(Math.max(due, nowMillis)) }
      : { about, what: `${step}, when the queue ${job.queue} runs again` }
  ]
  const late = nowMillis - due
  if (late > takenWithinMillis && job.paused_at === null && !job.parked) {
    const what = `its job is due and nobody takes it: no worker runs, or there is more to do than workers do`
    waits.push({ because: "worker", about, what, since: utc(due) })
    const called = due + calledAfterMillis(queueStalled)
    if (called > nowMillis) next.push({ about, what: `a person is called (${queueStalled.alert})`, at: utc(called) })
  }
  return { waits, next }
}

const kinds = { off: "switched off", forced_open: "held open", disabled: "let through" }

const ordered = ({ actor, kind, reason, since, target, until }: Override): Reason => {
  const what = `${target} is ${kinds[kind]} by ${actor}: ${reason}`
  const held = { because: "switch", about: target, what, since: utc(since) } as const
  return until === undefined ? held : Object.assign(held, { until: utc(until) })
}

const heldUp = (
  target: string,
  orders: ReadonlyArray<Override>,
  circuits: ReadonlyArray<DependencySnapshot>,
  nowMillis: number
): ReadonlyArray<Reason> => {
  const held = orders.filter((order) => order.target === target && order.kind !== "disabled").map(ordered)
  const circuit = circuits.find(({ name }) => name === target)
  if (held.length > 0 || circuit === undefined || circuit.state === "closed" || circuit.state === "disabled")
    return held
  const last = circuit.lastErrorType === undefined ? "" : `, the last error ${circuit.lastErrorType}`
  return [
    {
      because: "circuit",
      about: target,
      what: `the circuit of ${target} is ${circuit.state.replaceAll("_", " ")} on this node${last}`,
      since: utc(nowMillis - circuit.stateMillis),
      until: utc(nowMillis + circuit.retryAfterMillis)
    }
  ]
}
