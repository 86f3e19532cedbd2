/** Deferred writes in PostgreSQL: see `DeferredWrites`. */
import { DateTime, Effect, Option } from "effect"
import { Database } from "../../database/Database.ts"
import { Jobs } from "../Jobs.ts"
import { type Deferred, deferredJob, type Outcome, type StoredProblem, waiting } from "./Deferred.ts"
import { forgetDiscarded } from "./discarding.ts"
import type { DeferredWrites } from "./DeferredWrites.ts"
import type { Entry, Kind } from "./Spool.ts"

interface Row {
  readonly id: string
  readonly kind: Kind
  readonly account: string
  readonly key: string
  readonly fingerprint: string
  readonly payload: Entry["payload"] | null
  readonly quoted: NonNullable<Entry["quotedTotal"]> | null
  readonly accepted_at: Date
  readonly accept_until: Date
  readonly resource: string | null
  readonly problem: StoredProblem | null
}

export const makeDeferredPostgres = Effect.gen(function* () {
  const database = yield* Database
  const jobs = yield* Jobs

  const take = Effect.fn("DeferredWrites.take")(function* (entry: Entry) {
    const quoted = entry.quotedTotal === undefined ? null : JSON.stringify(entry.quotedTotal)
    yield* database.transaction(
      "deferred.take",
      Effect.fnUntraced(function* (sql) {
        const taken = yield* sql`
          insert into deferred (id, kind, account, key, fingerprint, payload, quoted, accepted_at, accept_until)
          values (${entry.id}, ${entry.kind}, ${entry.account}, ${entry.key}, ${entry.fingerprint},
            ${JSON.stringify(entry.payload)}::jsonb, ${quoted}::jsonb,
            ${DateTime.toDateUtc(entry.acceptedAt)}, ${DateTime.toDateUtc(entry.acceptUntil)})
          on conflict (id) do update set payload = excluded.payload, quoted = excluded.quoted, problem = null,
            accepted_at = excluded.accepted_at, accept_until = excluded.accept_until, decided_at = null
            where deferred.problem is not null and deferred.accepted_at < excluded.accepted_at
          returning 1`
        if (taken.length === 0) return
        yield* forgetDiscarded(sql, entry.id)
        yield* jobs.enqueue(deferredJob(entry))
      })
    )
  })

  const find = Effect.fn("DeferredWrites.find")(function* (id: string) {
    const [row] = yield* database.read(
      "deferred.find",
      (sql) => sql<Row>`
        select id, kind, account, key, fingerprint, quoted, accepted_at, accept_until, resource, problem
        from deferred where id = ${id}`
    )
    return Option.map(Option.fromUndefinedOr(row), toDeferred)
  })

  const decide: DeferredWrites["Service"]["decide"] = Effect.fn("DeferredWrites.decide")((id, apply) =>
    database.transaction(
      "deferred.decide",
      Effect.fnUntraced(function* (sql) {
        const [row] = yield* sql<Row>`select * from deferred where id = ${id} for update`
        if (row === undefined || row.payload === null) return Option.none()
        const decision = yield* apply(toEntry(row, row.payload))
        if (decision._tag === "Later") return Option.some(decision)
        const [resource, problem] =
          decision._tag === "Applied" ? [decision.resource, null] : [null, JSON.stringify(decision.problem)]
        yield* sql`
          update deferred set payload = null, decided_at = now(), resource = ${resource}, problem = ${problem}::jsonb
          where id = ${id}`
        return Option.some(decision)
      })
    )
  )
  return { take, find, decide } satisfies DeferredWrites["Service"]
})

const toEntry = (row: Row, payload: Entry["payload"]): Entry => ({
  id: row.id,
  kind: row.kind,
  account: row.account,
  key: row.key,
  fingerprint: row.fingerprint,
  payload,
  quotedTotal: row.quoted ?? undefined,
  acceptedAt: DateTime.fromDateUnsafe(row.accepted_at),
  acceptUntil: DateTime.fromDateUnsafe(row.accept_until)
})

const toDeferred = (row: Row): Deferred => ({ ...waiting(toEntry(row, {})), outcome: outcomeOf(row) })

const outcomeOf = ({ problem, resource }: Row): Outcome | undefined => {
  if (resource !== null) return { _tag: "Applied", resource }
  return problem === null ? undefined : { _tag: "Failed", problem }
}
