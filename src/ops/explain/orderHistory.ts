/** What the tables of orders tell of one: what was asked, each step, each operation at the provider, each movement of money. */
import { DateTime, Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Entry } from "./Explanation.ts"

type Facts = Readonly<Record<string, string | number | null | undefined>>
type Read = Effect.Effect<ReadonlyArray<Entry>, SqlError.SqlError>

/** Facts that are not there are left out. */
export const entry = (at: Date, source: Entry["source"], about: string, what: string, facts: Facts = {}): Entry => ({
  at: DateTime.fromDateUnsafe(at),
  source,
  about,
  what,
  facts: Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value]]))
  )
})

interface ClaimRow {
  readonly route: string
  readonly order_id: string | null
  readonly request_id: string | null
  readonly refused: string | null
  readonly created_at: Date
}

/** What was asked about these orders under a key, and what was refused under the key or for the request that is named. */
export const claims = (
  sql: SqlClient.SqlClient,
  { key, orders, request }: { orders: ReadonlyArray<string>; key: string | undefined; request: string | undefined }
) => sql<ClaimRow>`
  select route, order_id, request_id, refusal ->> '_tag' as refused, created_at from idempotency_keys
    where order_id = any(${orders}::text[]) and account = any(array(select user_id from orders where id = any(${orders}::text[])))
  union select route, order_id, request_id, refusal ->> '_tag', created_at from idempotency_keys
    where order_id = any(${orders}::text[]) and route = 'POST /v1/orders/:id/refunds'
  union select route, order_id, request_id, refusal ->> '_tag', created_at from idempotency_keys
    where order_id is null and (key = ${key ?? null} or request_id = ${request ?? null})
  order by created_at desc limit 100`

export const ofClaims = (rows: ReadonlyArray<ClaimRow>): ReadonlyArray<Entry> =>
  rows.map(({ created_at, order_id, refused, request_id, route }) =>
    entry(
      created_at,
      "request",
      order_id ?? request_id ?? "no order",
      refused === null ? `${route} was taken` : `${route} was refused`,
      { request_id, code: refused }
    )
  )

/** Operations, refunds and their sends have rows of their own, with more in them. */
const toldElsewhere = [
  "create_sent",
  "confirm_sent",
  "capture_sent",
  "cancel_sent",
  "refund_sent",
  "refund_requested",
  "refund_refused"
]

const steps = (sql: SqlClient.SqlClient, orders: ReadonlyArray<string>): Read =>
  Effect.map(
    sql<{ order_id: string; at: Date; step: string }>`
      select order_id, at, step from order_events
      where order_id = any(${orders}::text[]) and step <> all(${toldElsewhere}::text[]) order by id desc limit 500`,
    (rows) => rows.map(({ at, order_id, step }) => entry(at, "order", order_id, step.replaceAll("_", " ")))
  )

interface OperationRow {
  readonly id: string
  readonly order_id: string
  readonly operation: string
  readonly state: string
  readonly amount_cents: number | null
  readonly currency: string
  readonly first_sent_at: Date
  readonly resolved_at: Date | null
  readonly answer: string | null
  readonly reason: string | null
  readonly searched_empty_at: Date | null
}

const operations = (sql: SqlClient.SqlClient, orders: ReadonlyArray<string>): Read =>
  Effect.map(
    sql<OperationRow>`
      select c.id, c.order_id, c.operation, c.state, c.amount_cents::float8, p.currency, c.first_sent_at, c.resolved_at,
        c.answer ->> '_tag' as answer, c.answer ->> 'reason' as reason, c.searched_empty_at
      from payment_operations c join payments p on p.order_id = c.order_id
      where c.order_id = any(${orders}::text[]) order by c.first_sent_at desc limit 500`,
    (rows) =>
      rows.flatMap((row) => {
        const { amount_cents, answer, currency, first_sent_at, id, operation, reason, resolved_at, state } = row
        const about = row.order_id
        return [
          entry(first_sent_at, "payment", about, `${operation} was sent`, { operation: id, amount_cents, currency }),
          ...(row.searched_empty_at === null
            ? []
            : [entry(row.searched_empty_at, "payment", about, "the provider's search knew of no payment")]),
          ...(resolved_at === null
            ? []
            : [entry(resolved_at, "payment", about, `${operation} ${state}`, { operation: id, answer, reason })])
        ]
      })
  )

interface MovementRow {
  readonly order_id: string
  readonly operation_id: string
  readonly debit: string
  readonly credit: string
  readonly amount_cents: number
  readonly currency: string
  readonly at: Date
}

const movements = (sql: SqlClient.SqlClient, orders: ReadonlyArray<string>): Read =>
  Effect.map(
    sql<MovementRow>`
      select order_id, operation_id, debit, credit, amount_cents::float8, currency, at from money_movements
      where order_id = any(${orders}::text[]) order by id desc limit 500`,
    (rows) =>
      rows.map(({ amount_cents, at, credit, currency, debit, operation_id, order_id }) =>
        entry(at, "money", order_id, `${debit} to ${credit}`, { amount_cents, currency, operation: operation_id })
      )
  )

const refunds = (sql: SqlClient.SqlClient, orders: ReadonlyArray<string>): Read =>
  Effect.map(
    sql<{ order_id: string; seq: number; amount_cents: number; currency: string; state: string; requested_at: Date }>`
      select r.order_id, r.seq, r.amount_cents::float8, p.currency, r.state, r.requested_at
      from refunds r join payments p on p.order_id = r.order_id
      where r.order_id = any(${orders}::text[]) order by r.requested_at desc limit 100`,
    (rows) =>
      rows.map(({ amount_cents, currency, order_id, requested_at, seq, state }) =>
        entry(requested_at, "payment", order_id, "a refund was asked for", {
          operation: `${order_id}:refund:${seq}`,
          amount_cents,
          currency,
          now: state
        })
      )
  )

const differences = (sql: SqlClient.SqlClient, orders: ReadonlyArray<string>): Read =>
  Effect.map(
    sql<{ order_id: string; kind: string; ours: string; theirs: string; found_at: Date }>`
      select order_id, kind, ours, theirs, found_at from ledger_differences
      where order_id = any(${orders}::text[]) order by found_at desc limit 50`,
    (rows) =>
      rows.map(({ found_at, kind, order_id, ours, theirs }) =>
        entry(found_at, "books", order_id, `our books and the provider's differ: ${kind.replaceAll("_", " ")}`, {
          ours,
          theirs
        })
      )
  )

/** Of these orders, from all of their tables. */
export const ofOrders = (sql: SqlClient.SqlClient, orders: ReadonlyArray<string>): Read =>
  Effect.map(
    Effect.forEach([steps, operations, movements, refunds, differences], (read) => read(sql, orders)),
    (each) => each.flat()
  )
