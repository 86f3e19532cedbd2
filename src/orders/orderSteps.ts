/**
 * One step of an order's saga in SQL: lock, check the lease, write the answer down, decide, write what was decided.
 *
 * `saga.ts` decides; here each of its changes becomes a statement. Two changes can turn out otherwise when they meet the
 * rows: a reservation that finds too little stock ends the order, and a hold that finds its lease over reserves again.
 */
import { Effect, Option } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { OrderId } from "./Order.ts"
import { type OrderRow, orderColumns, toSagaRecord } from "./orderRows.ts"
import { type NextStep, operationKey } from "./OrderStore.ts"
import {
  type Answer,
  apply,
  type Change,
  decide,
  type Operation,
  record as changesOf,
  type SagaRecord
} from "./saga.ts"
import * as Stock from "./stockMoves.ts"

export interface Step {
  readonly id: OrderId
  readonly lease: { readonly jobId: string; readonly token: string }
  readonly answered: Option.Option<{ readonly operation: Operation; readonly answer: Answer }>
  readonly nowMillis: number
}

export interface Stepped {
  readonly next: NextStep
  /** Something that a client can see has changed. */
  readonly visible: boolean
}

/** An order needs about ten changes in its whole life; more in one step is a machine that turns in a circle. */
const mostChangesInAStep = 30

export const advance = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, step: Step) {
  const [row] = yield* sql<OrderRow>`
    select ${orderColumns(sql)} from orders o left join payments p on p.order_id = o.id where o.id = ${step.id} for update of o`
  const held = yield* sql`
    select 1 from jobs where id = ${step.lease.jobId}::bigint and lease = ${step.lease.token}::uuid and lease_until > now()`
  if (row === undefined || held.length === 0) return { next: { _tag: "LeaseLost" }, visible: false } as Stepped
  let record = toSagaRecord(row)
  let visible = false
  let written = 0
  const writeAll = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
    for (const change of changes) {
      written += 1
      if (written > mostChangesInAStep) return yield* Effect.die(new Error("the saga turns in a circle"))
      const after = yield* write(sql, record, change, step.nowMillis)
      visible ||= after.status !== record.status
      record = after
    }
  })
  if (Option.isSome(step.answered)) {
    yield* writeAll(changesOf(record, step.answered.value.operation, step.answered.value.answer))
  }
  for (;;) {
    const decision = decide(record, step.nowMillis)
    if (decision._tag === "Write") {
      yield* writeAll(decision.changes)
      continue
    }
    if (decision._tag !== "Send") {
      const next: NextStep = decision._tag === "Ask" ? { _tag: "Ask", record } : { _tag: "Finished" }
      return { next, visible } as Stepped
    }
    const key = operationKey(record.orderId, decision.operation)
    return { next: { _tag: "Send", operation: decision.operation, key, record }, visible } as Stepped
  }
})

const write = (
  sql: SqlClient.SqlClient,
  record: SagaRecord,
  change: Change,
  nowMillis: number
): Effect.Effect<SagaRecord, SqlError.SqlError> => {
  const applied = apply(record, change, nowMillis)
  const id = record.orderId
  switch (change._tag) {
    case "Status":
      return Effect.as(writeStatus(sql, record, change), applied)
    case "Reserve":
      return Effect.flatMap(Stock.reserve(sql, id), (lines) => {
        if (lines.length === 0) return Effect.succeed(applied)
        const failed = { _tag: "Status", status: "failed", failure: { code: "insufficient_stock", lines } } as const
        return Effect.as(writeStatus(sql, record, failed), apply(record, failed, nowMillis))
      })
    case "Hold":
      return Effect.map(Stock.hold(sql, id), (holds) =>
        holds ? applied : { ...record, reservation: "released" as const }
      )
    case "CommitStock":
      return Effect.as(Stock.commit(sql, id), applied)
    case "ReleaseStock":
      return Effect.as(Stock.release(sql, id), applied)
    case "MarkSent":
      return Effect.as(markSent(sql, record, change.operation), applied)
    case "Settle":
      return Effect.as(settle(sql, record, change), applied)
    case "ProviderId":
      return Effect.as(
        sql`update payments set provider_id = ${change.providerId} where order_id = ${id} and provider_id is null`,
        applied
      )
  }
}

const writeStatus = (sql: SqlClient.SqlClient, record: SagaRecord, change: Extract<Change, { _tag: "Status" }>) =>
  Effect.andThen(
    sql`update orders set status = ${change.status}, status_since = now(), updated_at = now(), version = version + 1,
      failure = ${change.failure === undefined ? null : JSON.stringify(change.failure)}::jsonb where id = ${record.orderId}`,
    sql`insert into order_events (order_id, step) values (${record.orderId}, ${change.status})`
  )

const markSent = (sql: SqlClient.SqlClient, record: SagaRecord, operation: Operation) => {
  const key = operationKey(record.orderId, operation)
  return Effect.andThen(
    sql`insert into payment_operations (id, order_id, operation, amount_cents, key, state)
      values (${key}, ${record.orderId}, ${operation}, ${record.totalCents}, ${key}, 'sent')`,
    sql`insert into order_events (order_id, step) values (${record.orderId}, ${`${operation}_sent`})`
  )
}

const settle = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  record: SagaRecord,
  { answer, operation, state }: Extract<Change, { _tag: "Settle" }>
) {
  const key = operationKey(record.orderId, operation)
  yield* sql`update payment_operations set state = ${state}, resolved_at = now(), answer = ${JSON.stringify(answer)}::jsonb where id = ${key}`
  if (state === "succeeded" && operation === "confirm") {
    yield* sql`update payments set authorized_cents = amount_cents where order_id = ${record.orderId}`
    yield* move(sql, record, key, "customer_authorized", "authorizations")
  }
  if (state === "succeeded" && operation === "capture") {
    yield* sql`update payments set captured_cents = authorized_cents where order_id = ${record.orderId}`
    yield* move(sql, record, key, "authorizations", "customer_authorized")
    yield* move(sql, record, key, "provider_balance", "sales")
  }
})

/** Both sides in one row: what is debited is credited, so the books balance by construction. */
const move = (sql: SqlClient.SqlClient, record: SagaRecord, operationId: string, debit: string, credit: string) =>
  sql`insert into money_movements (order_id, operation_id, debit, credit, amount_cents, currency)
    values (${record.orderId}, ${operationId}, ${debit}, ${credit}, ${record.totalCents}, ${record.currency})
    on conflict do nothing`
