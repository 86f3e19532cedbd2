/**
 * What only the database knows, as numbers: one bounded statement each, over indexes that hold only what is unfinished.
 *
 * They are of all nodes together, so every node tells the same: dashboards take the largest, not the sum. What is final is
 * not counted here (a shop has any number of it): its flow is counted where it happens.
 */
import type { SqlClient, SqlError } from "effect/sql"
import type { Effect } from "effect"
import { doubtAfterMillis } from "../orders/waiting.ts"

interface Row extends Readonly<Record<string, unknown>> {
  readonly value: number
}

export interface Sample {
  /** The gauge's name, and of its statement in logs. */
  readonly name: string
  readonly description: string
  /** Columns that are labels; `value` is the value. */
  readonly labels: ReadonlyArray<string>
  readonly rows: (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<Row>, SqlError.SqlError>
}

export const samples: ReadonlyArray<Sample> = [
  {
    name: "holdfast_queue_jobs",
    description: "Jobs by queue and state: ready, delayed, running, dead",
    labels: ["queue", "state"],
    rows: (sql) => sql`
      select queue, case when state = 'ready' and run_at > now() then 'delayed' else state end as state,
        count(*)::float8 as value
      from jobs where state in ('ready', 'running', 'dead') group by 1, 2 limit 200`
  },
  {
    name: "holdfast_queue_oldest_seconds",
    description: "How long the oldest job that is due has waited, by queue",
    labels: ["queue"],
    rows: (sql) => sql`
      select queue, extract(epoch from now() - min(run_at))::float8 as value
      from jobs where state = 'ready' and run_at <= now() group by 1 limit 200`
  },
  {
    name: "holdfast_dead_letters",
    description: "Dead letters by queue and code",
    labels: ["queue", "code"],
    rows: (sql) => sql`
      select queue, coalesce(last_error->>'code', 'unknown') as code, count(*)::float8 as value
      from jobs where state = 'dead' group by 1, 2 order by 3 desc limit 200`
  },
  {
    name: "holdfast_orders_unfinished",
    description: "Orders that are not final, by state",
    labels: ["state"],
    rows: (sql) => sql`
      select status as state, count(*)::float8 as value from orders
      where status not in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed') group by 1`
  },
  {
    name: "holdfast_orders_unfinished_oldest_seconds",
    description: "How long the oldest order has been in its state, by state that is not final",
    labels: ["state"],
    rows: (sql) => sql`
      select status as state, extract(epoch from now() - min(status_since))::float8 as value from orders
      where status not in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed') group by 1`
  },
  {
    name: "holdfast_orders_unfinished_value_minor_units",
    description: "What the orders that are not final come to, by currency",
    labels: ["currency"],
    rows: (sql) => sql`
      select currency, sum(total_cents)::float8 as value from orders
      where status not in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed') group by 1`
  },
  {
    name: "holdfast_payments_in_doubt",
    description: "Payment operations that were sent and had no answer in time, by operation",
    labels: ["operation"],
    rows: (sql) => sql`
      select operation, count(*)::float8 as value from payment_operations
      where state = 'sent' and first_sent_at < now() - make_interval(secs => ${doubtAfterMillis / 1000}) group by 1`
  },
  {
    name: "holdfast_payments_in_doubt_oldest_seconds",
    description: "How long the oldest of them has waited, by operation",
    labels: ["operation"],
    rows: (sql) => sql`
      select operation, extract(epoch from now() - min(first_sent_at))::float8 as value
      from payment_operations
      where state = 'sent' and first_sent_at < now() - make_interval(secs => ${doubtAfterMillis / 1000}) group by 1`
  }
]
