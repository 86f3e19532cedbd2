/**
 * One step of an order's saga in SQL: lock, check the lease, write the answer down, decide, write what was decided.
 *
 * `saga.ts` decides; `orderWrites.ts` makes each of its changes a statement. The database's clock is the only one.
 */
import { Effect, Option } from "effect"
import type { SqlClient } from "effect/sql"
import { pointOf, reachOrderPoint } from "./crashPoints.ts"
import type { OrderId, OrderStatus } from "./Order.ts"
import { type OrderRow, orderColumns, toSagaRecord } from "./orderRows.ts"
import { type Answered, type NextStep, toSend } from "./OrderStore.ts"
import { write } from "./orderWrites.ts"
import { decide } from "./saga.ts"
import { record as changesOf } from "./sagaAnswers.ts"
import { type Change, nameOf, type SagaRecord } from "./sagaRecord.ts"

export interface Step {
  readonly id: OrderId
  readonly lease: { readonly jobId: string; readonly token: string }
  readonly answered: Option.Option<Answered>
  /** Who keeps the goods of orders for which nobody was asked yet. */
  readonly newKeeper: SagaRecord["keeper"]
}

export interface Stepped {
  readonly next: NextStep
  /** The states that the order came to in this step, in order: what a client can see of it. */
  readonly became: ReadonlyArray<OrderStatus>
}

/** An order needs about ten changes in its whole life; more in one step is a machine that turns in a circle. */
export const mostChangesInAStep = 30

export const advance = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, step: Step) {
  const [row] = yield* sql<OrderRow>`
    select ${orderColumns(sql)} from orders o left join payments p on p.order_id = o.id where o.id = ${step.id} for update of o`
  const [held] = yield* sql<{ left_millis: number }>`
    select floor(extract(epoch from lease_until - clock_timestamp()) * 1000)::float8 as left_millis from jobs
    where id = ${step.lease.jobId}::bigint and lease = ${step.lease.token}::uuid and lease_until > clock_timestamp()`
  if (row === undefined || held === undefined) return { next: { _tag: "LeaseLost" }, became: [] } as Stepped
  const nowMillis = row.read_at.getTime()
  let record = toSagaRecord(row, step.newKeeper)
  const became: Array<OrderStatus> = []
  let written = 0
  const marked = new Set<string>()
  const writeAll = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
    for (const change of changes) {
      written += 1
      if (written > mostChangesInAStep) return yield* Effect.die(new Error("the saga turns in a circle"))
      if (change._tag === "MarkSent") marked.add(nameOf(change))
      yield* reached(change, "before")
      const after = yield* write(sql, record, change, nowMillis)
      yield* reached(change, "after")
      if (after.status !== record.status) became.push(after.status)
      record = after
    }
  })
  if (Option.isSome(step.answered)) {
    yield* writeAll(changesOf(record, step.answered.value.ref, step.answered.value.answer, nowMillis))
  }
  for (;;) {
    const decision = decide(record, nowMillis)
    if (decision._tag === "Write") {
      yield* writeAll(decision.changes)
      continue
    }
    if (decision._tag === "Finished") return { next: decision, became } as Stepped
    const outside = { record, nowMillis, leaseMillis: held.left_millis }
    const next: NextStep =
      decision._tag === "Send" ? { ...toSend(record, decision, marked), ...outside } : { ...decision, ...outside }
    return { next, became } as Stepped
  }
})

const reached = (change: Change, side: "before" | "after") => {
  const point = pointOf(change, side)
  return point === undefined ? Effect.void : reachOrderPoint(point)
}
