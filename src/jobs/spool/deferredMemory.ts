/** Deferred writes on a map, for tests and for the shop in memory: see `DeferredWrites`. */
import { DateTime, Effect, Option, Semaphore } from "effect"
import { Jobs } from "../Jobs.ts"
import { type Deferred, deferredJob, waiting } from "./Deferred.ts"
import type { DeferredWrites } from "./DeferredWrites.ts"
import type { Entry } from "./Spool.ts"

export const makeDeferredMemory = Effect.gen(function* () {
  const jobs = yield* Jobs
  const rows = new Map<string, { deferred: Deferred; entry: Entry | undefined }>()
  /** What a lock on the row is in the database. */
  const alone = yield* Semaphore.make(1)

  const take = Effect.fnUntraced(function* (entry: Entry) {
    const known = rows.get(entry.id)?.deferred
    const again = known?.outcome?._tag === "Failed" && DateTime.isGreaterThan(entry.acceptedAt, known.acceptedAt)
    if (known !== undefined && !again) return
    rows.set(entry.id, { deferred: waiting(entry), entry })
    yield* jobs.enqueue(deferredJob(entry))
  })
  const decide: DeferredWrites["Service"]["decide"] = (id, apply) =>
    alone.withPermits(1)(
      Effect.gen(function* () {
        const row = rows.get(id)
        if (row?.entry === undefined) return Option.none()
        const decision = yield* apply(row.entry)
        if (decision._tag !== "Later") {
          rows.set(id, { deferred: { ...row.deferred, outcome: decision }, entry: undefined })
        }
        return Option.some(decision)
      })
    )
  const find = (id: string) => Effect.sync(() => Option.fromUndefinedOr(rows.get(id)?.deferred))
  return { take, decide, find } satisfies DeferredWrites["Service"]
})
