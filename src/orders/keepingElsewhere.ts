/**
 * What an order's steps ask of a stock keeper elsewhere, and what its answers say about the order's goods.
 *
 * Everything it is asked is idempotent by the order's id, so what has no answer is just sent again. A reservation that
 * the stock keeper ended by itself, before it was held, leaves nothing for this order. What contradicts a sale or an end
 * that the shop has decided is not the machine's to judge: it is a failure, for a person.
 */
import { Effect, Option } from "effect"
import type { ReservationEnded } from "../dependencies/inventory/errors.ts"
import type { Inventory } from "../dependencies/inventory/Inventory.ts"
import { reachOrderPoint } from "./crashPoints.ts"
import type { Answer, SagaRecord, StockOperation } from "./sagaRecord.ts"

const moved: Answer = { _tag: "StockMoved" }
const lost: Answer = { _tag: "StockLost" }

type Shortage = { readonly sku: string; readonly requested: number; readonly available: number }

const short = (record: SagaRecord, shortages: ReadonlyArray<Shortage>): Answer => ({
  _tag: "StockShort",
  lines: record.lines.flatMap(({ sku }, position) =>
    shortages
      .filter((shortage) => shortage.sku === sku)
      .map(({ available, requested }) => ({ position, requested, available }))
  )
})
/** The stock keeper has given the goods back by itself: there is nothing for this order any more. */
const givenBack = (record: SagaRecord, ended: ReservationEnded) =>
  ended.outcome === "released"
    ? Effect.succeed(
        short(
          record,
          record.lines.map(({ quantity, sku }) => ({ sku, requested: quantity, available: 0 }))
        )
      )
    : Effect.fail(ended)

export const keepingElsewhere = (keeper: Option.Option<Inventory["Service"]>) => {
  const asked = (inventory: Inventory["Service"], record: SagaRecord, operation: StockOperation) => {
    const { lines, orderId } = record
    switch (operation) {
      case "reserve":
        return Effect.as(inventory.reserve(orderId, lines), moved).pipe(
          Effect.catchTags({
            StockShort: ({ shortages }) => Effect.succeed(short(record, shortages)),
            ReservationEnded: (ended) => givenBack(record, ended)
          })
        )
      case "hold":
        return Effect.as(inventory.hold(orderId), moved).pipe(
          Effect.catchTags({
            ReservationLost: () => Effect.succeed(lost),
            ReservationEnded: (ended) => givenBack(record, ended)
          })
        )
      case "commit":
        return Effect.as(inventory.commit(orderId), moved)
      case "release":
        return Effect.as(inventory.release(orderId), moved)
      case "restock":
        return Effect.as(inventory.restock(orderId), moved)
    }
  }

  /** None when this node knows of no stock keeper: the order waits for a node that does. */
  return Effect.fnUntraced(function* (record: SagaRecord, operation: StockOperation) {
    if (Option.isNone(keeper)) {
      return yield* Effect.as(Effect.logWarning("the stock keeper of this order is not known here"), undefined)
    }
    yield* reachOrderPoint(`send.${operation}.before`)
    return yield* Effect.tap(asked(keeper.value, record, operation), reachOrderPoint(`send.${operation}.after`))
  })
}
