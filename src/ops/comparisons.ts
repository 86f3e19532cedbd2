/**
 * What must never be, and who is asked whether it is: two witnesses each, that could only agree by being right.
 *
 * Orders, payments, movements and stock are compared by `orders/invariants.ts`; here is what lies between them and others:
 * what was acknowledged and what there is, what was to be done and what was done, our books and the provider's. The last are
 * compared once a day, so they are as old as that comparison. All the rest is one snapshot.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { deferredQueue } from "../jobs/spool/Deferred.ts"
import { type Violation, violationsIn } from "../orders/invariants.ts"
import { keyDays, orderQueue } from "../orders/OrderStore.ts"

type Witnesses = readonly [string, string]

/** Every invariant that is looked at; one that finds nothing is told as zero. */
export const witnesses: Readonly<Record<string, Witnesses>> = {
  acknowledged_order_missing: ["idempotency_keys", "orders"],
  applied_order_missing: ["deferred", "orders"],
  order_without_job: ["orders", "jobs"],
  job_overdue: ["jobs", "clock"],
  deferred_overdue: ["deferred", "clock"],
  order_without_payment_row: ["orders", "payments"],
  confirmed_without_payment: ["orders", "payments"],
  captured_without_money: ["orders", "payments"],
  ended_with_money: ["orders", "payments"],
  refunded_without_money: ["orders", "payments"],
  captured_twice: ["payment_operations", "payments"],
  refunds_do_not_add_up: ["payments", "refunds"],
  movements_do_not_balance: ["payments", "money_movements"],
  ended_with_stock: ["orders", "reservations"],
  captured_without_stock: ["orders", "reservations"],
  ended_with_an_operation_in_doubt: ["orders", "payment_operations"],
  left_behind: ["orders", "clock"],
  stock_reserved_otherwise_than_reservations: ["stock", "reservations"],
  stock_sold_otherwise_than_reservations: ["stock", "reservations"],
  paid_without_order: ["orders", "provider_ledger"],
  order_without_provider_payment: ["orders", "provider_ledger"],
  provider_amount_differs: ["payments", "provider_ledger"],
  provider_state_differs: ["payments", "provider_ledger"]
}

/** Whether it is the provider's books that are compared: once a day, by the sweep. */
export const bySweep = (name: string): boolean => witnesses[name]?.[1] === "provider_ledger"

/** What is over for longer was looked at when it was not; a provider's refunds and disputes come by other ways. */
const lookBackDays = 2
/** A job that is due waits for a worker: seconds, or minutes after an outage. */
const jobsWaitAtMostMinutes = 10
const sweepsLookedAtDays = 7

const elsewhere = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyArray<Violation>, SqlError.SqlError> =>
  sql<Violation>`
    select 'acknowledged_order_missing' as invariant, k.order_id as subject from idempotency_keys k
      where k.order_id is not null and k.expires_at > now() + make_interval(days => ${keyDays - lookBackDays})
        and not exists (select 1 from orders o where o.id = k.order_id)
    union all select 'applied_order_missing', d.id from deferred d
      where d.kind = 'order' and d.resource is not null and d.decided_at > now() - make_interval(days => ${lookBackDays})
        and not exists (select 1 from orders o where o.id = substring(d.resource from '[^/]+$'))
    union all select 'order_without_job', o.id from orders o
      where o.status not in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed')
        and o.updated_at < now() - make_interval(mins => ${jobsWaitAtMostMinutes})
        and not exists (select 1 from jobs j where j.queue = ${orderQueue} and j.key = o.id)
    union all select 'job_overdue', j.queue || ' ' || j.id from jobs j
      where j.state = 'ready' and not j.parked and j.run_at < now() - make_interval(mins => ${jobsWaitAtMostMinutes})
        and not exists (select 1 from queues q where q.queue = j.queue and q.paused_at is not null)
    union all select 'deferred_overdue', d.id from deferred d
      where d.decided_at is null and d.accept_until < now() - make_interval(mins => ${jobsWaitAtMostMinutes})
        and not exists (select 1 from jobs j where j.queue = ${deferredQueue} and j.key = d.id and j.state = 'dead')
    union all select case kind when 'payment_without_order' then 'paid_without_order'
        when 'order_without_payment' then 'order_without_provider_payment'
        when 'amount' then 'provider_amount_differs' else 'provider_state_differs' end,
        coalesce(nullif(order_id, ''), provider_id)
      from ledger_differences where day > current_date - ${sweepsLookedAtDays}::int`

export interface Snapshot {
  readonly violations: ReadonlyArray<Violation>
  /** When our books were last compared with the provider's. */
  readonly sweptAt: Date | null
}

/** Everything at one moment; `sql` is in a transaction that has not begun to read. */
export const snapshotOf = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient
): Effect.fn.Return<Snapshot, SqlError.SqlError> {
  yield* sql`set transaction isolation level repeatable read, read only`
  const own = yield* violationsIn(sql, { claimedWithinDays: lookBackDays })
  const others = yield* elsewhere(sql)
  const [sweep] = yield* sql<{ at: Date | null }>`select max(finished_at) as at from ledger_sweeps`
  return { violations: [...own, ...others], sweptAt: sweep?.at ?? null }
})
