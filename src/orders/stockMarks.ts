/**
 * What a stock keeper elsewhere was sent and has answered, in the order's own row: it is written under the row's lock,
 * and read with it. The message that is under way is there from before it is sent until it is answered.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { SagaRecord, StockOperation } from "./sagaRecord.ts"

type Written = Effect.Effect<void, SqlError.SqlError>

export const markSent = (
  sql: SqlClient.SqlClient,
  { orderId, reservation }: SagaRecord,
  operation: StockOperation
): Written =>
  Effect.andThen(
    sql`update orders set stock_elsewhere = ${reservation}, stock_operation = ${operation},
      stock_sent_at = clock_timestamp() where id = ${orderId}`,
    Effect.asVoid(sql`insert into order_events (order_id, step) values (${orderId}, ${`${operation}_sent`})`)
  )

export const writeAnswered = (sql: SqlClient.SqlClient, { orderId, reservation }: SagaRecord): Written =>
  Effect.asVoid(
    sql`update orders set stock_elsewhere = ${reservation}, stock_operation = null, stock_sent_at = null
      where id = ${orderId}`
  )
