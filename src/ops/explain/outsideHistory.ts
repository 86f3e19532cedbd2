/** What else tells of an order: mails, the provider's events, writes that were deferred, and what operators did. */
import { DateTime, Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { DeferredFacts, Entry } from "./Explanation.ts"
import { entry } from "./orderHistory.ts"

type Sql = SqlClient.SqlClient
type Read = Effect.Effect<ReadonlyArray<Entry>, SqlError.SqlError>

interface MailRow {
  readonly key: string
  readonly created_at: Date
  readonly first_sent_at: Date | null
  readonly doubted_at: Date | null
  readonly taken_at: Date | null
  readonly provider_id: string | null
}

/** A mail's key names what it is about: nothing of whom it is for, or of its words, is read. */
export const mails = (sql: Sql, keys: ReadonlyArray<string>): Read =>
  Effect.map(
    sql<MailRow>`
      select key, created_at, first_sent_at, doubted_at, taken_at, provider_id from emails where key = any(${keys}::text[])`,
    (rows) =>
      rows.flatMap(({ created_at, doubted_at, first_sent_at, key, provider_id, taken_at }) => [
        entry(created_at, "mail", key, "was written"),
        ...(first_sent_at === null ? [] : [entry(first_sent_at, "mail", key, "was sent")]),
        ...(doubted_at === null ? [] : [entry(doubted_at, "mail", key, "may have arrived, and nobody knows")]),
        ...(taken_at === null ? [] : [entry(taken_at, "mail", key, "was taken by the provider", { mail: provider_id })])
      ])
  )

export interface EventRow {
  readonly provider: string
  readonly event_id: string
  readonly type: string
  readonly payment_id: string | null
  readonly order_id: string | null
  readonly state: string
  readonly received_at: Date
  readonly settled_at: Date | null
}

export const readEvents = (sql: Sql, orders: ReadonlyArray<string>, events: ReadonlyArray<string>) => sql<EventRow>`
  select provider, event_id, type, payment_id, order_id, state, received_at, settled_at from webhook_events
    where order_id = any(${orders}::text[])
  union select provider, event_id, type, payment_id, order_id, state, received_at, settled_at from webhook_events
    where provider = 'stripe' and event_id = any(${events}::text[])
  union select e.provider, event_id, type, payment_id, e.order_id, e.state, received_at, settled_at
    from webhook_events e join payments p on p.provider_id = e.payment_id
    where p.order_id = any(${orders}::text[]) and e.state in ('received', 'unmatched')
  order by received_at desc limit 200`

export const ofEvents = (rows: ReadonlyArray<EventRow>): ReadonlyArray<Entry> =>
  rows.flatMap(({ event_id, order_id, received_at, settled_at, state, type }) => {
    const about = order_id ?? event_id
    return [
      entry(received_at, "payment_event", about, `${type} arrived`, { event: event_id }),
      ...(settled_at === null
        ? []
        : [entry(settled_at, "payment_event", about, `${type} ${state}`, { event: event_id })])
    ]
  })

interface DeferredRow {
  readonly id: string
  readonly kind: "order" | "sign_up"
  readonly accepted_at: Date
  readonly accept_until: Date
  readonly resource: string | null
  readonly failure: string | null
  readonly decided_at: Date | null
  readonly request_id: string | null
}

export const readDeferred = (sql: Sql, ids: ReadonlyArray<string>) => sql<DeferredRow>`
  select id, kind, accepted_at, accept_until, resource, problem ->> '_tag' as failure, decided_at,
    payload ->> 'requestId' as request_id
  from deferred where id = any(${ids}::text[])`

export const ofDeferred = (rows: ReadonlyArray<DeferredRow>): ReadonlyArray<Entry> =>
  rows.flatMap(({ accepted_at, decided_at, failure, id, request_id, resource }) => [
    entry(accepted_at, "deferred", id, "was kept on a node's disk while the database was away", { request_id }),
    ...(decided_at === null
      ? []
      : [entry(decided_at, "deferred", id, failure === null ? "was applied" : "failed", { resource, code: failure })])
  ])

export const deferredFacts = (row: DeferredRow): DeferredFacts => ({
  id: row.id,
  kind: row.kind,
  status: row.decided_at === null ? "waiting" : row.failure === null ? "applied" : "failed",
  accepted_at: DateTime.fromDateUnsafe(row.accepted_at),
  accept_until: DateTime.fromDateUnsafe(row.accept_until),
  resource: row.resource,
  failure: row.failure
})

interface ActionRow {
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly reason: string
}

/** What operators did to these by name. */
export const actionsOn = (sql: Sql, targets: ReadonlyArray<string>): Read =>
  Effect.map(
    sql<ActionRow>`
      select at, actor, action, target, reason from operator_actions
      where target = any(${targets}::text[]) order by id desc limit 100`,
    (rows) =>
      rows.map(({ action, actor, at, reason, target }) => entry(at, "operator", target, action, { by: actor, reason }))
  )

/** Switches that could have held it up, as they were changed in its time. */
export const switchesSince = (sql: Sql, since: Date, targets: ReadonlyArray<string>): Read =>
  Effect.map(
    sql<ActionRow & { kind: string }>`
      select decided_at as at, actor, change as action, target, kind, reason from kill_switch_audit
      where recorded_at >= ${since} and target = any(${targets}::text[]) and effective
      order by recorded_at desc limit 50`,
    (rows) =>
      rows.map(({ action, actor, at, kind, reason, target }) =>
        entry(at, "operator", target, `${kind.replaceAll("_", " ")}: ${action}`, { by: actor, reason })
      )
  )
