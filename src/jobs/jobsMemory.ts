/** The queue on a map, for tests and for the shop in memory: the rules of `Jobs`, by the fiber's clock. */
import { Clock, DateTime, Effect, PubSub, Random } from "effect"
import { dueOf } from "./announcements.ts"
import {
  type By,
  type ClaimedJob,
  type JobFailure,
  leaseSeconds,
  type NewJob,
  type QueueStatus,
  type Settlement,
  soloCrashes
} from "./Job.ts"
import { currentOrigin } from "./origin.ts"
import type { Jobs } from "./Jobs.ts"

interface Row extends NewJob {
  readonly id: string
  readonly createdAt: DateTime.Utc
  state: "ready" | "running" | "done" | "dead"
  runAt: number
  dueBy: number
  lease: string | undefined
  leaseUntil: number
  wakes: number
  wakesSeen: number
  attempts: number
  alone: boolean
  crashes: number
  lastError: JobFailure | undefined
  origin: Pick<ClaimedJob, "traceparent" | "causedBy" | "requestId">
}

export const makeJobsMemory = Effect.gen(function* () {
  const rows = new Map<string, Row>()
  const pauses = new Map<string, NonNullable<QueueStatus["paused"]>>()
  const announced = yield* PubSub.unbounded<string>()
  const nameOf = (queue: string, key: string) => `${queue} ${key}`
  const held = (job: ClaimedJob) => {
    const row = rows.get(nameOf(job.queue, job.key))
    return row !== undefined && row.state === "running" && row.lease === job.lease ? row : undefined
  }
  const dueAt = (row: Row, millis: number) => {
    row.runAt = millis
    row.dueBy = millis + (row.priority ?? 0) * 30_000
  }
  const free = (row: Row) => {
    row.lease = undefined
    row.leaseUntil = 0
  }
  const revive = (row: Row, millis: number) => {
    row.state = "ready"
    row.attempts = 0
    dueAt(row, millis)
  }
  const hasPlace = ({ queue, slot }: Row) => {
    if (slot === undefined) return true
    const others = [...rows.values()].filter(
      (row) => row.state === "running" && row.queue === queue && row.slot?.key === slot.key
    )
    return others.length < slot.max
  }

  const enqueue = Effect.fnUntraced(function* (job: NewJob) {
    const now = yield* Clock.currentTimeMillis
    const known = rows.get(nameOf(job.queue, job.key))
    const runAt = now + (job.delaySeconds ?? 0) * 1000
    const { requestId, traceparent: causedBy } = yield* currentOrigin
    if (known !== undefined) {
      known.origin = { ...known.origin, causedBy }
      known.wakes += 1
      if (known.state === "done") revive(known, runAt)
      else if (known.state === "ready" && runAt < known.runAt) dueAt(known, runAt)
    } else {
      const createdAt = DateTime.makeUnsafe(now)
      const fresh = { state: "ready", lease: undefined, leaseUntil: 0, wakes: 0, wakesSeen: 0 } as const
      const unharmed = { attempts: 0, alone: false, crashes: 0, lastError: undefined }
      const row: Row = {
        ...job,
        ...fresh,
        ...unharmed,
        id: String(rows.size + 1),
        createdAt,
        origin: { traceparent: job.traceparent ?? causedBy, causedBy, requestId },
        runAt,
        dueBy: runAt
      }
      dueAt(row, runAt)
      rows.set(nameOf(job.queue, job.key), row)
    }
    yield* PubSub.publish(announced, job.queue)
  })

  const wake = Effect.fnUntraced(function* (queue: string, key: string) {
    const row = rows.get(nameOf(queue, key))
    if (row === undefined) return
    row.wakes += 1
    row.origin = { ...row.origin, causedBy: (yield* currentOrigin).traceparent }
    if (row.state === "dead") return
    const now = yield* Clock.currentTimeMillis
    if (row.state === "done") revive(row, now)
    if (row.state === "ready") dueAt(row, Math.min(row.runAt, now))
    yield* PubSub.publish(announced, queue)
  })

  const take = Effect.fnUntraced(function* (queue: string, limit: number, alone: boolean) {
    if (pauses.has(queue)) return []
    const now = yield* Clock.currentTimeMillis
    const due = [...rows.values()].filter(
      (row) => row.queue === queue && row.state === "ready" && row.runAt <= now && row.alone === alone
    )
    const claimed: Array<ClaimedJob> = []
    for (const row of due.toSorted((a, b) => a.dueBy - b.dueBy || Number(a.id) - Number(b.id))) {
      if (claimed.length === limit) break
      if (!hasPlace(row)) continue
      row.state = "running"
      row.lease = `lease-${yield* Random.nextInt}-${row.attempts}`
      row.leaseUntil = now + leaseSeconds * 1000
      row.wakesSeen = row.wakes
      row.attempts += 1
      const { attempts, createdAt, id, key, lease, origin, payload } = row
      claimed.push({ id, queue, key, payload, lease, attempts, createdAt, slotted: row.slot !== undefined, ...origin })
    }
    return claimed
  })
  const claim = (queue: string, limit: number) => take(queue, limit, false)
  const claimAlone = (queue: string) => take(queue, 1, true)

  const hasAlone = (queue: string) =>
    Effect.map(Clock.currentTimeMillis, (now) =>
      [...rows.values()].some(
        (row) =>
          row.queue === queue &&
          row.state === "ready" &&
          row.alone &&
          row.runAt <= now &&
          !pauses.has(queue) &&
          hasPlace(row)
      )
    )

  const settle = Effect.fnUntraced(function* (job: ClaimedJob, settlement: Settlement) {
    const row = held(job)
    if (row === undefined) return false
    const now = yield* Clock.currentTimeMillis
    free(row)
    row.alone = false
    row.crashes = 0
    if (settlement._tag === "Later") row.attempts -= 1
    if ("failure" in settlement) row.lastError = settlement.failure
    const woken = row.wakes !== row.wakesSeen && settlement._tag !== "Dead"
    row.state = woken ? "ready" : settlement._tag === "Done" ? "done" : settlement._tag === "Dead" ? "dead" : "ready"
    dueAt(row, woken || !("delayMillis" in settlement) ? now : now + settlement.delayMillis)
    if (row.slot !== undefined) yield* PubSub.publish(announced, row.queue)
    return true
  })
  const settleAll = Effect.fnUntraced(function* (
    settled: ReadonlyArray<readonly [job: ClaimedJob, settlement: Settlement]>
  ) {
    const held = new Set<string>()
    for (const [job, settlement] of settled) if (yield* settle(job, settlement)) held.add(job.id)
    return held
  })

  const renew = Effect.fnUntraced(function* (jobs: ReadonlyArray<ClaimedJob>) {
    const until = (yield* Clock.currentTimeMillis) + leaseSeconds * 1000
    return new Set(
      jobs.flatMap((job) => {
        const row = held(job)
        if (row === undefined) return []
        row.leaseUntil = until
        return [job.id]
      })
    )
  })

  const sweep = Effect.map(Clock.currentTimeMillis, (now) => {
    const ended = [...rows.values()].filter((row) => row.state === "running" && row.leaseUntil < now)
    for (const row of ended) {
      free(row)
      if (row.alone) row.crashes += 1
      row.state = row.crashes >= soloCrashes ? "dead" : "ready"
      row.alone = row.state === "ready"
    }
    return ended.length
  })

  const due = (queue: string) => dueOf(announced, queue)

  const pause = Effect.fnUntraced(function* (queue: string, by: By) {
    pauses.set(queue, { ...by, at: yield* DateTime.now })
  })
  const resume = (queue: string) =>
    Effect.andThen(
      Effect.sync(() => pauses.delete(queue)),
      PubSub.publish(announced, queue)
    )

  const queues = Effect.map(Clock.currentTimeMillis, (now) =>
    [...new Set([...[...rows.values()].map((row) => row.queue), ...pauses.keys()])].sort().map((queue): QueueStatus => {
      const own = [...rows.values()].filter((row) => row.queue === queue)
      const ready = own.filter((row) => row.state === "ready" && row.runAt <= now)
      const count = (state: Row["state"]) => own.filter((row) => row.state === state).length
      return {
        queue,
        ready: ready.length,
        delayed: count("ready") - ready.length,
        running: count("running"),
        dead: count("dead"),
        oldestSeconds: Math.floor(Math.max(0, ...ready.map((row) => now - row.runAt)) / 1000),
        paused: pauses.get(queue)
      }
    })
  )

  return {
    enqueue,
    wake,
    claim,
    claimAlone,
    hasAlone,
    settle,
    settleAll,
    renew,
    sweep,
    due,
    pause,
    resume: (queue, _by) => Effect.asVoid(resume(queue)),
    queues
  } satisfies Jobs["Service"]
})
