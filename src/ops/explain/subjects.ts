/**
 * What an id names, and which orders and deferred writes that leads to.
 *
 * Ids of ours show by their form what they are; what has no such form, or is not found as what it looks like, is looked
 * up as an idempotency key. Keys belong to accounts, so one may stand for several orders: the newest are taken.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Asked } from "./Explanation.ts"

/** More orders under one key are somebody's constant, and no help in one answer. */
const mostSubjects = 5

export interface Subjects {
  readonly asked: Asked
  readonly orders: ReadonlyArray<string>
  readonly deferred: ReadonlyArray<string>
  /** Events that no order is known for. */
  readonly events: ReadonlyArray<string>
  /** Of a job that is about none of these. */
  readonly jobs: ReadonlyArray<string>
  /** Claims that made no order are found by these alone. */
  readonly key: string | undefined
  readonly request: string | undefined
}

type Found = Effect.Effect<Partial<Subjects>, SqlError.SqlError>
type Find = (sql: SqlClient.SqlClient, id: string) => Found

interface Shape {
  readonly asked: Asked
  readonly form: RegExp
  readonly find: Find
}

interface Led {
  readonly order_id: string | null
  readonly deferred_id: string | null
}
const ids = (rows: ReadonlyArray<Led>) => ({
  orders: [...new Set(rows.flatMap(({ order_id }) => order_id ?? []))],
  deferred: [...new Set(rows.flatMap(({ deferred_id }) => deferred_id ?? []))]
})

const byOrder: Find = (sql, id) =>
  Effect.map(
    sql<Led>`
      select o.id as order_id, d.id as deferred_id from orders o
      left join deferred d on d.resource = '/v1/orders/' || o.id where o.id = ${id}`,
    ids
  )

const byOperation: Find = (sql, id) =>
  Effect.flatMap(sql<{ order_id: string }>`select order_id from payment_operations where id = ${id}`, ([found]) =>
    found === undefined ? Effect.succeed({}) : byOrder(sql, found.order_id)
  )

const byPayment: Find = (sql, id) =>
  Effect.gen(function* () {
    const [paid] = yield* sql<{ order_id: string }>`select order_id from payments where provider_id = ${id}`
    if (paid !== undefined) return yield* byOrder(sql, paid.order_id)
    const open = yield* sql<{ event_id: string }>`
      select event_id from webhook_events where payment_id = ${id} and state in ('received', 'unmatched')
      order by received_at limit ${mostSubjects}`
    return { events: open.map(({ event_id }) => event_id) }
  })

const byEvent: Find = (sql, id) =>
  Effect.gen(function* () {
    const [event] = yield* sql<{ order_id: string | null }>`
      select order_id from webhook_events where provider = 'stripe' and event_id = ${id}`
    if (event === undefined) return {}
    return event.order_id === null ? { events: [id] } : yield* byOrder(sql, event.order_id)
  })

const byDeferred: Find = (sql, id) =>
  Effect.map(
    sql<Led>`
      select id as deferred_id, (select o.id from orders o where '/v1/orders/' || o.id = d.resource) as order_id
      from deferred d where id = ${id}`,
    ids
  )

const byRequest: Find = (sql, id) =>
  Effect.map(
    sql<Led & { claimed: boolean }>`
      select c.order_id, d.id as deferred_id, true as claimed from idempotency_keys c
        left join deferred d on d.resource = '/v1/orders/' || c.order_id where c.request_id = ${id}
      union all
      select null, id, false from deferred where payload ->> 'requestId' = ${id} and payload is not null`,
    (rows) => ({ ...ids(rows), ...(rows.some(({ claimed }) => claimed) ? { request: id } : {}) })
  )

const byKey: Find = (sql, id) =>
  Effect.map(
    sql<Led & { claimed: boolean }>`
      select * from (
        (select c.order_id, d.id as deferred_id, true as claimed from idempotency_keys c
          left join deferred d on d.resource = '/v1/orders/' || c.order_id
          where c.key = ${id} order by c.created_at desc limit ${mostSubjects})
        union all
        (select null, id, false from deferred where key = ${id} order by accepted_at desc limit ${mostSubjects})
      ) as led`,
    (rows) => ({ ...ids(rows), ...(rows.some(({ claimed }) => claimed) ? { key: id } : {}) })
  )

/** An order's, a deferred write's and an event's jobs have its id in their key; a mail's ends with the order's. */
const byJob: Find = (sql, id) =>
  Effect.gen(function* () {
    const [job] = yield* sql<{ key: string }>`select key from jobs where id = ${id}::bigint`
    if (job === undefined) return {}
    const about = job.key.split(/[/:]/).at(-1) ?? ""
    const led = yield* Effect.forEach([byOrder, byDeferred, byEvent], (find) => find(sql, about))
    const found = Object.assign({}, ...led.filter(leadsSomewhere)) as Partial<Subjects>
    return { ...found, jobs: [id] }
  })

const shapes: ReadonlyArray<Shape> = [
  { asked: "refund", form: /^ord_[\w-]{1,60}:refund:\d{1,6}$/, find: byOperation },
  { asked: "payment_operation", form: /^ord_[\w-]{1,60}:(create|confirm|capture|cancel):\d{1,6}$/, find: byOperation },
  { asked: "order", form: /^ord_[\w-]{1,60}$/, find: byOrder },
  { asked: "deferred", form: /^dfr_[0-9a-f]{48}$/, find: byDeferred },
  { asked: "request", form: /^req_[0-9a-f]{32}$/, find: byRequest },
  { asked: "payment", form: /^pi_\w{1,100}$/, find: byPayment },
  { asked: "payment_event", form: /^evt_\w{1,100}$/, find: byEvent },
  { asked: "job", form: /^[1-9]\d{0,17}$/, find: byJob },
  { asked: "idempotency_key", form: /^[\x21-\x7e]{8,255}$/, find: byKey }
]

const leadsSomewhere = ({ deferred = [], events = [], jobs = [], key, orders = [], request }: Partial<Subjects>) =>
  [deferred, events, jobs, orders].some((some) => some.length > 0) || key !== undefined || request !== undefined

/** None when nothing is known of the id. */
export const subjectsOf = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, id: string) {
  for (const { asked, find, form } of shapes) {
    if (!form.test(id)) continue
    const found = yield* find(sql, id)
    if (!leadsSomewhere(found)) continue
    const { deferred = [], events = [], jobs = [], key, orders = [], request } = found
    return { asked, orders, deferred, events, jobs, key, request } satisfies Subjects
  }
  return undefined
})
