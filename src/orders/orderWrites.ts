/**
 * What the machine of an order decided, as statements: each change is one of them, under the order's row lock.
 *
 * Two changes can turn out otherwise when they meet the rows: a reservation that finds too little stock ends the order,
 * and a hold that finds its lease over reserves again. The books move with the answer that moves the money.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { operationKey } from "./OrderStore.ts"
import { amountOf, apply, type Change, isOfStock, type OperationRef, type SagaRecord } from "./sagaRecord.ts"
import { markSent as markStockSent, writeAnswered } from "./stockMarks.ts"
import * as Stock from "./stockMoves.ts"

type Written = Effect.Effect<SagaRecord, SqlError.SqlError>

/** The record as it is after the change. */
export const write = (sql: SqlClient.SqlClient, record: SagaRecord, change: Change, nowMillis: number): Written => {
  const applied = apply(record, change, nowMillis)
  const id = record.orderId
  switch (change._tag) {
    case "Status":
      return Effect.as(writeStatus(sql, id, change), applied)
    case "Reserve":
      return Effect.flatMap(Stock.reserve(sql, id), (lines) => {
        if (lines.length === 0) return Effect.succeed(applied)
        const failed = { _tag: "Status", status: "failed", failure: { code: "insufficient_stock", lines } } as const
        return Effect.as(writeStatus(sql, id, failed), apply(record, failed, nowMillis))
      })
    case "Hold":
      return Effect.map(Stock.hold(sql, id), (holds) =>
        holds ? applied : { ...record, reservation: "released" as const }
      )
    case "CommitStock":
      return Effect.as(Stock.commit(sql, id), applied)
    case "ReleaseStock":
      return Effect.as(Stock.release(sql, id), applied)
    case "Restock":
      return Effect.as(Stock.restock(sql, id), applied)
    case "MarkSent":
      return Effect.as(
        isOfStock(change.operation) ? markStockSent(sql, applied, change.operation) : markSent(sql, record, change),
        applied
      )
    case "StockAnswered":
      return Effect.as(writeAnswered(sql, applied), applied)
    case "Settle":
      return Effect.as(settle(sql, record, change), applied)
    case "ProviderId":
      return Effect.as(
        sql`update payments set provider_id = ${change.providerId} where order_id = ${id} and provider_id is null`,
        applied
      )
    case "SearchedEmpty":
      return Effect.as(
        sql`update payment_operations set searched_empty_at = clock_timestamp() where id = ${operationKey(id, create)}`,
        applied
      )
    case "RequestRefund":
      return Effect.flatMap(requestRefund(sql, id, change.seq, change.amountCents), (shared) =>
        shared ? Effect.succeed(applied) : Effect.die(new Error("a refund of more than was captured"))
      )
  }
}

const create: OperationRef = { operation: "create", seq: 0 }

export const writeStatus = (
  sql: SqlClient.SqlClient,
  id: string,
  change: Pick<Extract<Change, { _tag: "Status" }>, "status" | "failure">
) =>
  sql`with changed as (
      update orders set status = ${change.status}, status_since = clock_timestamp(), updated_at = now(),
        version = version + 1, failure = ${change.failure === undefined ? null : JSON.stringify(change.failure)}::jsonb
      where id = ${id} returning id)
    insert into order_events (order_id, step) select id, ${change.status}::text from changed`

export const writeEvent = (sql: SqlClient.SqlClient, id: string, step: string) =>
  sql`insert into order_events (order_id, step) values (${id}, ${step})`

/** Gives the refund its share of what was captured. False when there is not as much left. */
export const requestRefund = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  id: string,
  seq: number,
  amountCents: number
) {
  const shared = yield* sql`
    update payments set refund_reserved_cents = refund_reserved_cents + ${amountCents}
    where order_id = ${id} and refund_reserved_cents + ${amountCents} <= captured_cents returning 1`
  if (shared.length === 0) return false
  yield* sql`insert into refunds (order_id, seq, amount_cents) values (${id}, ${seq}, ${amountCents})`
  yield* writeEvent(sql, id, "refund_requested")
  return true
})

const markSent = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, record: SagaRecord, ref: OperationRef) {
  const { operation, seq } = ref
  const key = operationKey(record.orderId, ref)
  yield* sql`with sent as (
      insert into payment_operations (id, order_id, operation, seq, amount_cents, key, state, first_sent_at)
      values (${key}, ${record.orderId}, ${operation}, ${seq}, ${amountOf(record, ref)}, ${key}, 'sent', clock_timestamp())
      returning order_id)
    insert into order_events (order_id, step) select order_id, ${`${operation}_sent`}::text from sent`
  if (operation === "refund") {
    yield* sql`update refunds set state = 'sent' where order_id = ${record.orderId} and seq = ${seq}`
  }
})

/** An operation that was never marked is settled too: the provider can know of a capture that is not ours. */
const settle = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  record: SagaRecord,
  change: Extract<Change, { _tag: "Settle" }>
) {
  const { answer, operation, seq, state } = change
  const key = operationKey(record.orderId, change)
  yield* sql`insert into payment_operations (id, order_id, operation, seq, amount_cents, key, state, sends, resolved_at, answer)
    values (${key}, ${record.orderId}, ${operation}, ${seq}, ${amountOf(record, change)}, ${key}, ${state}, 0,
      clock_timestamp(), ${JSON.stringify(answer)}::jsonb)
    on conflict (id) do update
      set state = excluded.state, resolved_at = excluded.resolved_at, answer = excluded.answer`
  if (operation === "refund") return yield* settleRefund(sql, record, change)
  if (state === "succeeded") yield* moveMoney(sql, record, operation, key)
  if (answer._tag === "Cancelled") yield* giveBackHold(sql, record, key)
})

const moveMoney = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  record: SagaRecord,
  operation: OperationRef["operation"],
  key: string
) {
  const id = record.orderId
  const amount = record.totalCents
  if (operation === "confirm") {
    yield* sql`update payments set authorized_cents = amount_cents where order_id = ${id}`
    yield* move(sql, record, key, "customer_authorized", "authorizations", amount)
  }
  if (operation === "capture") {
    yield* sql`update payments set captured_cents = authorized_cents where order_id = ${id}`
    yield* move(sql, record, key, "authorizations", "customer_authorized", amount)
    yield* move(sql, record, key, "provider_balance", "sales", amount)
  }
})

/** What was held is held no more; once, whichever operation's answer says so first. */
const giveBackHold = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, record: SagaRecord, key: string) {
  const held = yield* sql`
    update payments set authorized_cents = 0
    where order_id = ${record.orderId} and authorized_cents > 0 and captured_cents = 0 returning 1`
  if (held.length > 0) {
    yield* move(sql, record, key, "authorizations", "customer_authorized", record.totalCents)
  }
})

/** A refusal gives the share back; anything else keeps it. */
const settleRefund = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  record: SagaRecord,
  change: Extract<Change, { _tag: "Settle" }>
) {
  const id = record.orderId
  const amount = amountOf(record, change)
  const succeeded = change.state === "succeeded"
  yield* sql`update refunds set state = ${succeeded ? "succeeded" : "refused"} where order_id = ${id} and seq = ${change.seq}`
  if (!succeeded) {
    yield* sql`update payments set refund_reserved_cents = refund_reserved_cents - ${amount} where order_id = ${id}`
    return yield* Effect.asVoid(writeEvent(sql, id, "refund_refused"))
  }
  yield* sql`update payments set refunded_cents = refunded_cents + ${amount} where order_id = ${id}`
  yield* move(sql, record, operationKey(id, change), "refunds", "provider_balance", amount)
})

/** Both sides in one row: what is debited is credited, so the books balance by construction. */
const move = (
  sql: SqlClient.SqlClient,
  record: SagaRecord,
  operationId: string,
  debit: string,
  credit: string,
  amountCents: number
) =>
  sql`insert into money_movements (order_id, operation_id, debit, credit, amount_cents, currency)
    values (${record.orderId}, ${operationId}, ${debit}, ${credit}, ${amountCents}, ${record.currency})
    on conflict do nothing`
