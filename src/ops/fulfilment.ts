/** An operator says that an order's goods are on their way; who said so is kept. */
import { Effect } from "effect"
import { Database } from "../database/Database.ts"
import { recordAction } from "../jobs/audit.ts"
import type { By } from "../jobs/Job.ts"
import type { OrderId } from "../orders/Order.ts"
import { Orders } from "../orders/Orders.ts"

/** Only what is paid for leaves the house. Safe to repeat. */
export const fulfilling = Effect.gen(function* () {
  const [database, orders] = [yield* Database, yield* Orders]
  return Effect.fn("operators.fulfil")(function* (id: OrderId, by: By) {
    yield* database.transaction("operators.fulfil", (sql) =>
      Effect.andThen(orders.fulfil(id), recordAction(sql, { ...by, action: "order.fulfil", target: id }))
    )
  })
})
