/** The queue on a map, for tests and for the shop in memory: the rules of `Jobs`, by the fiber's clock. */
import { Clock, DateTime, Effect, PubSub, Random, Stream } from "effect"
import { type ClaimedJob, type JobFailure, leaseSeconds, type NewJob, pollMillis, type Settlement } from "./Job.ts"
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
  lastError: JobFailure | undefined
}

export const makeJobsMemory = Effect.gen(function* () {
  const rows = new Map<string, Row>()
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

  const enqueue = Effect.fnUntraced(function* (job: NewJob) {
    const now = yield* Clock.currentTimeMillis
    const known = rows.get(nameOf(job.queue, job.key))
    const runAt = now + (job.delaySeconds ?? 0) * 1000
    if (known !== undefined) {
      known.wakes += 1
      if (known.state === "ready" && runAt < known.runAt) dueAt(known, runAt)
    } else {
      const createdAt = DateTime.makeUnsafe(now)
      const fresh = { state: "ready", lease: undefined, leaseUntil: 0, wakes: 0, wakesSeen: 0, attempts: 0 } as const
      const row: Row = {
        ...job,
        ...fresh,
        id: String(rows.size + 1),
        createdAt,
        runAt,
        dueBy: runAt,
        lastError: undefined
      }
      dueAt(row, runAt)
      rows.set(nameOf(job.queue, job.key), row)
    }
    yield* PubSub.publish(announced, job.queue)
  })

  const wake = Effect.fnUntraced(function* (queue: string, key: string) {
    const row = rows.get(nameOf(queue, key))
    if (row === undefined || row.state === "dead") return
    row.wakes += 1
    if (row.state === "done") row.state = "ready"
    if (row.state === "ready") dueAt(row, Math.min(row.runAt, yield* Clock.currentTimeMillis))
    yield* PubSub.publish(announced, queue)
  })

  const claim = Effect.fnUntraced(function* (queue: string, limit: number) {
    const now = yield* Clock.currentTimeMillis
    const due = [...rows.values()].filter((row) => row.queue === queue && row.state === "ready" && row.runAt <= now)
    const claimed: Array<ClaimedJob> = []
    for (const row of due.toSorted((a, b) => a.dueBy - b.dueBy || Number(a.id) - Number(b.id)).slice(0, limit)) {
      row.state = "running"
      row.lease = `lease-${yield* Random.nextInt}-${row.attempts}`
      row.leaseUntil = now + leaseSeconds * 1000
      row.wakesSeen = row.wakes
      row.attempts += 1
      const { attempts, createdAt, id, key, lease, payload } = row
      claimed.push({ id, queue, key, payload, lease, attempts, createdAt })
    }
    return claimed
  })

  const settle = Effect.fnUntraced(function* (job: ClaimedJob, settlement: Settlement) {
    const row = held(job)
    if (row === undefined) return false
    const now = yield* Clock.currentTimeMillis
    free(row)
    if (settlement._tag === "Later") row.attempts -= 1
    if ("failure" in settlement) row.lastError = settlement.failure
    const woken = row.wakes !== row.wakesSeen && settlement._tag !== "Dead"
    row.state = woken ? "ready" : settlement._tag === "Done" ? "done" : settlement._tag === "Dead" ? "dead" : "ready"
    dueAt(row, woken || !("delayMillis" in settlement) ? now : now + settlement.delayMillis)
    return true
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
      row.state = "ready"
      free(row)
    }
    return ended.length
  })

  const due = (queue: string) =>
    Stream.merge(
      Stream.filter(Stream.fromPubSub(announced), (name) => name === queue),
      Stream.tick(pollMillis)
    ).pipe(Stream.map(() => undefined))

  return { enqueue, wake, claim, settle, renew, sweep, due } satisfies Jobs["Service"]
})
