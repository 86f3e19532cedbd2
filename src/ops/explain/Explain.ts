/**
 * Explains an order, or whatever an id leads to: one answer from all tables, in the order of time, with what it waits for
 * and what happens next and when.
 *
 * All is read in one snapshot, over the operators' connections, so it is one moment and in nobody's way. Switches and
 * circuits are those of the node that is asked. Nothing is changed, and no provider is asked.
 */
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import type { DatabaseUnavailable, QueryTimeout } from "../../database/errors.ts"
import { OperatorsDatabase } from "../../database/OperatorsDatabase.ts"
import { Failure } from "../../orders/Order.ts"
import { possibleMails } from "../../orders/orderMails.ts"
import { type OrderRow, orderColumns, toSagaRecord } from "../../orders/orderRows.ts"
import { shownStatus } from "../../orders/waiting.ts"
import { Dependencies, KillSwitches } from "../../resilience/index.ts"
import { NothingKnown } from "../errors.ts"
import { type Expected, expectedOfJob, nothing, type Surroundings } from "./expectedOfJob.ts"
import { expectedOfOrder } from "./expectedOfOrder.ts"
import type { Entry, Explanation, Ids, OrderFacts } from "./Explanation.ts"
import { type JobRow, ofJobs, readJobs, replaysOf } from "./jobHistory.ts"
import { claims, ofClaims, ofOrders } from "./orderHistory.ts"
import * as Outside from "./outsideHistory.ts"
import { type Subjects, subjectsOf } from "./subjects.ts"
import { inOneSentence } from "./summary.ts"

/** An order has some thirty; one that waited for days has a few hundred. */
const mostEntries = 500

export class Explain extends Context.Service<
  Explain,
  {
    /** Of an order, an idempotency key, a request, a payment, a deferred write, a refund, an event or a job. */
    readonly find: (id: string) => Effect.Effect<Explanation, NothingKnown | DatabaseUnavailable | QueryTimeout>
  }
>()("holdfast/ops/Explain") {
  static readonly layer = Layer.effect(
    Explain,
    Effect.gen(function* () {
      const database = yield* OperatorsDatabase
      const dependencies = yield* Dependencies
      const switches = yield* KillSwitches

      const find = Effect.fn("Explain.find")(function* (id: string) {
        const around = { orders: yield* switches.list, circuits: yield* dependencies.snapshot }
        const found = yield* database.transaction(
          "ops.explain",
          Effect.fnUntraced(function* (sql) {
            yield* sql`set transaction isolation level repeatable read, read only`
            const subjects = yield* subjectsOf(sql, id)
            return subjects === undefined ? undefined : yield* recordsOf(sql, subjects)
          })
        )
        return found === undefined ? yield* new NothingKnown() : explained(found, around)
      })
      return Explain.of({ find })
    })
  )
}

const recordsOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, subjects: Subjects) {
  const ids = subjects.orders
  const [clock] = yield* sql<{ now: Date }>`select clock_timestamp() as now`
  const orders = yield* sql<OrderRow>`
    select ${orderColumns(sql)} from orders o left join payments p on p.order_id = o.id
    where o.id = any(${ids}::text[]) order by o.created_at`
  const claimed = yield* claims(sql, subjects)
  const deferred = yield* Outside.readDeferred(sql, subjects.deferred)
  const events = yield* Outside.readEvents(sql, ids, subjects.events)
  const mails = ids.flatMap(possibleMails)
  const named = [
    ...ids.map((key) => ({ queue: "orders", key })),
    ...mails,
    ...deferred.map(({ id }) => ({ queue: "deferred", key: id })),
    ...events.map(({ event_id, provider }) => ({ queue: "webhooks", key: `${provider}:${event_id}` }))
  ]
  const jobs = yield* readJobs(sql, named, subjects.jobs)
  const targets = [...ids, ...jobs.map(({ id }) => `job:${id}`)]
  const began = [...orders.map(({ created_at }) => created_at), ...deferred.map(({ accepted_at }) => accepted_at)]
  const first = began.sort((one, other) => one.getTime() - other.getTime())[0]
  const entries: ReadonlyArray<Entry> = [
    ...ofClaims(claimed),
    ...(yield* ofOrders(sql, ids)),
    ...Outside.ofDeferred(deferred),
    ...Outside.ofEvents(events),
    ...(yield* Outside.mails(
      sql,
      mails.map(({ key }) => key)
    )),
    ...ofJobs(jobs),
    ...(yield* replaysOf(sql, jobs)),
    ...(yield* Outside.actionsOn(sql, targets)),
    ...(first === undefined ? [] : yield* Outside.switchesSince(sql, first, switchesThatMatter))
  ]
  const now = clock?.now ?? DateTime.toDateUtc(yield* DateTime.now)
  return { asked: subjects.asked, now, orders, claimed, deferred, events, jobs, entries }
})

const switchesThatMatter = ["payments", "inventory", "email", "checkout", "refunds"]

type Records = Effect.Success<ReturnType<typeof recordsOf>>

const explained = (records: Records, around: Omit<Surroundings, "nowMillis">): Explanation => {
  const { asked, entries, jobs, now, orders } = records
  const surroundings = { ...around, nowMillis: now.getTime() }
  const expected = expectedOf(records, surroundings)
  const sorted = [...entries].sort((one, other) => DateTime.toEpochMillis(one.at) - DateTime.toEpochMillis(other.at))
  const shown = orders.map((row) => factsOf(row, now))
  const deferred = records.deferred.map(Outside.deferredFacts)
  const waits = expected.flatMap((one) => one.waits)
  const next = expected.flatMap((one) => one.next).sort((one, other) => soonest(one) - soonest(other))
  return {
    asked,
    as_of: DateTime.fromDateUnsafe(now),
    summary: inOneSentence({ orders: shown, deferred, waits, next, now }),
    ids: idsOf(records, jobs),
    orders: shown,
    deferred,
    waits,
    next,
    entries: sorted.slice(-mostEntries),
    entries_truncated: sorted.length > mostEntries
  }
}

const soonest = ({ at }: Explanation["next"][number]) =>
  at === undefined ? Number.POSITIVE_INFINITY : DateTime.toEpochMillis(at)

const expectedOf = ({ jobs, orders }: Records, around: Surroundings): ReadonlyArray<Expected> => [
  ...orders.map((row) =>
    expectedOfOrder(
      toSagaRecord(row, "here"),
      jobs.find(({ key, queue }) => queue === "orders" && key === row.id),
      around
    )
  ),
  ...jobs.filter(({ queue }) => queue !== "orders").map((job) => ofOther(job, around))
]

/** What a run of a job does that is no order's, and whom it calls. */
const others: Readonly<Record<string, readonly [step: string, calls: ReadonlyArray<string>]>> = {
  emails: ["its mail is sent", ["email"]],
  webhooks: ["its order is looked for, and asks the provider", []],
  deferred: ["it is decided, as if it were handed in now", ["checkout"]]
}
const ofOther = (job: JobRow, around: Surroundings): Expected => {
  if (job.state === "done") return nothing
  const [step, calls] = others[job.queue] ?? ["its job runs", []]
  return expectedOfJob(job, step, calls, around)
}

/** Of a row that somebody wrote by hand, what stands there is not repeated. */
const isFailure = Schema.is(Failure)

const factsOf = (row: OrderRow, now: Date): OrderFacts => {
  const record = toSagaRecord(row, "here")
  return {
    id: row.id,
    account: row.user_id,
    status: shownStatus(record, now.getTime()),
    since: DateTime.fromDateUnsafe(row.status_since),
    placed_at: DateTime.fromDateUnsafe(row.created_at),
    total: { amount: row.total_cents, currency: row.currency },
    refunded: { amount: row.refunded_cents ?? 0, currency: row.currency },
    payment: row.provider_id,
    goods: record.reservation,
    failure: row.failure === null ? null : isFailure(row.failure) ? row.failure.code : "unreadable"
  }
}

const idsOf = ({ claimed, deferred, entries, events, orders }: Records, jobs: ReadonlyArray<JobRow>): Ids => {
  const all = <A>(rows: ReadonlyArray<A>, id: (row: A) => string | null) => [
    ...new Set(rows.flatMap((row) => id(row) ?? []))
  ]
  return {
    orders: all(orders, ({ id }) => id),
    requests: [...new Set([...all(claimed, (row) => row.request_id), ...all(deferred, (row) => row.request_id)])],
    payments: all(orders, ({ provider_id }) => provider_id),
    deferred: all(deferred, ({ id }) => id),
    jobs: all(jobs, ({ id }) => id),
    mails: all(
      entries.filter(({ source }) => source === "mail"),
      ({ about }) => about
    ),
    events: all(events, ({ event_id }) => event_id)
  }
}
