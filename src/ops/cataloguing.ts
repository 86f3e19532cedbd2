/**
 * What operators do to the catalogue: bring products in, set a price, say what has arrived. Who did it, and why, is kept with
 * it, in the same transaction.
 *
 * Orders that were placed keep the price that they were placed at. Who changes one product at the same time as another
 * operator waits for that one, and changes what is there then.
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Catalog } from "../catalog/Catalog.ts"
import { ImportRefused } from "../catalog/errors.ts"
import type { Money, Sku } from "../catalog/Product.ts"
import type { ProductImport } from "../catalog/ProductImport.ts"
import { Database } from "../database/Database.ts"
import { recordAction } from "../jobs/audit.ts"
import type { By } from "../jobs/Job.ts"

interface Row extends Omit<ProductImport, "price"> {
  readonly amount: number
  readonly currency: string
}

export const cataloguing = Effect.gen(function* () {
  const [catalog, database] = [yield* Catalog, yield* Database]

  const imported = Effect.fn("catalogue.import")(function* (products: ReadonlyArray<ProductImport>, by: By) {
    return yield* database.transaction("catalogue.import", (sql) =>
      Effect.tap(catalog.importProducts(products), (detail) =>
        recordAction(sql, {
          ...by,
          action: "catalogue.import",
          target: `products:${products.length}`,
          detail: { ...detail }
        })
      )
    )
  })

  /** One product as it is, with something of it changed. */
  const changed = (
    action: string,
    sku: Sku,
    by: By,
    change: Partial<ProductImport>,
    detail: Readonly<Record<string, string | number>>
  ) =>
    database.transaction(action, (sql) =>
      Effect.gen(function* () {
        const before = yield* known(sql, sku)
        const written = yield* catalog.importProducts([{ ...before, ...change }])
        yield* recordAction(sql, { ...by, action, target: sku, detail })
        return { before, written }
      })
    )

  return {
    import: imported,
    price: (sku: Sku, price: Money, by: By) =>
      Effect.map(changed("catalogue.price", sku, by, { price }, { ...price }), ({ written }) => written),
    /** How many have arrived since the shop opened: saying the same twice changes nothing. */
    stock: (sku: Sku, received: number, by: By) =>
      Effect.map(changed("catalogue.stock", sku, by, { received }, { received }), ({ before }) => ({
        sku,
        received,
        receivedBefore: before.received
      }))
  }
})

/** Both rows are locked, the product first, as an import does: what a delivery that goes before writes is read. */
const known = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, sku: Sku) {
  const [row] = yield* sql<Row>`
    select p.sku, p.name, p.description, p.price_cents::float8 as amount, p.currency, s.received
    from products p join stock s on s.sku = p.sku where p.sku = ${sku} for update of p, s`
  if (row === undefined) return yield* new ImportRefused({ reason: "unknown_sku", skus: [sku] })
  const { amount, currency, ...product } = row
  return { ...product, price: { amount, currency } } satisfies ProductImport
})
