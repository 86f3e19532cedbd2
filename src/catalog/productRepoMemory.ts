/** The catalogue's tables as maps, for tests and for the shop in memory: see `ProductRepo`. Orders reserve from its shelf. */
import { DateTime, Effect, Option } from "effect"
import { ImportRefused } from "./errors.ts"
import type { Product, ProductId, Sku } from "./Product.ts"
import type { ProductRepo, ProductRow } from "./ProductRepo.ts"
import { StockMemory } from "./StockMemory.ts"

const toProduct = ({ id, sku, name, description, price, createdAt }: ProductRow): Product => ({
  id,
  sku,
  name,
  description,
  price,
  createdAt
})

interface Place {
  readonly createdAt: DateTime.Utc
  readonly id: ProductId
}
/** Newest first; of one moment, the greater id first. */
const order = (a: Place, b: Place) =>
  DateTime.toEpochMillis(b.createdAt) - DateTime.toEpochMillis(a.createdAt) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

const sameOffer = (a: ProductRow, b: ProductRow) =>
  a.name === b.name &&
  a.description === b.description &&
  a.price.amount === b.price.amount &&
  a.price.currency === b.price.currency

export const makeProductRepoMemory = Effect.gen(function* () {
  const shelves = yield* StockMemory
  const products = new Map<Sku, ProductRow>()
  const byId = (id: ProductId) => Option.fromNullishOr([...products.values()].find((product) => product.id === id))
  const shelfOf = (sku: Sku) => shelves.get(sku) ?? { onHand: 0, reserved: 0 }
  /** What an import makes of what is on hand: only what arrived since the last one counts. */
  const onHandAfter = (row: ProductRow) =>
    shelfOf(row.sku).onHand + row.received - (products.get(row.sku)?.received ?? 0)

  const put: ProductRepo["Service"]["put"] = (rows) =>
    Effect.suspend(() => {
      const short = rows.filter((row) => onHandAfter(row) < shelfOf(row.sku).reserved).map((row) => row.sku)
      if (short.length > 0) return Effect.fail(new ImportRefused({ reason: "below_reserved", skus: short }))
      const counts = { added: 0, changed: 0 }
      for (const row of rows) {
        const known = products.get(row.sku)
        if (known === undefined) counts.added++
        else if (!sameOffer(known, row)) counts.changed++
        shelves.set(row.sku, { onHand: onHandAfter(row), reserved: shelfOf(row.sku).reserved })
        products.set(row.sku, known === undefined ? row : { ...row, id: known.id, createdAt: known.createdAt })
      }
      return Effect.succeed(counts)
    })

  return {
    put,
    find: (id) => Effect.sync(() => Option.map(byId(id), toProduct)),
    page: (after, limit) =>
      Effect.sync(() =>
        [...products.values()]
          .filter((product) => after === undefined || order(product, after) > 0)
          .toSorted(order)
          .slice(0, limit)
          .map(toProduct)
      ),
    stock: (id) =>
      Effect.sync(() =>
        Option.map(byId(id), ({ sku }) => ({ sku, available: shelfOf(sku).onHand - shelfOf(sku).reserved }))
      ),
    newest: (limit) =>
      Effect.sync(() =>
        [...products.values()]
          .toSorted(order)
          .slice(0, limit)
          .map((row) => ({
            product: toProduct(row),
            available: shelfOf(row.sku).onHand - shelfOf(row.sku).reserved
          }))
      ),
    prices: (skus) =>
      Effect.sync(() =>
        skus.flatMap((sku) => {
          const product = products.get(sku)
          return product === undefined ? [] : [{ sku, name: product.name, price: product.price }]
        })
      )
  } satisfies ProductRepo["Service"]
})
