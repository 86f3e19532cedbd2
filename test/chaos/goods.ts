/** Whether a stock keeper elsewhere has the goods that the shop's orders say it has: what was sold is gone, once. */
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import type { Provider } from "./provider.ts"

interface Sold {
  readonly sku: string
  readonly quantity: number
}

/** Of every SKU that an order was ever sent there for. */
const soldElsewhere = Effect.flatMap(Database, (database) =>
  database.read(
    "chaos.goods",
    (sql) => sql<Sold>`
      select l.sku, coalesce(sum(l.quantity) filter (where o.status in ('captured', 'fulfilled')), 0)::int as quantity
      from orders o join order_lines l on l.order_id = o.id where o.stock_elsewhere is not null group by l.sku`
  )
)

/** One line for each SKU whose goods are not where they belong, when all is quiet. */
export const goodsBreaches = (provider: Provider) =>
  Effect.flatMap(soldElsewhere, (all) =>
    Effect.forEach(all, ({ quantity, sku }) =>
      Effect.map(provider.shelf(sku), (shelf) => {
        if (shelf === undefined) return [`${sku}: the stock keeper could not be asked`]
        const { committed, reserved } = shelf
        return committed === quantity && reserved === 0
          ? []
          : [`I10 ${sku}: ${quantity} sold, the stock keeper has ${committed} gone and ${reserved} reserved`]
      })
    )
  ).pipe(Effect.map((breaches) => breaches.flat()))
