/** The catalogue's tables as maps, for tests and for the shop in memory: see `ProductRepo`. Nothing is reserved here. */
import { DateTime, Effect, Option } from "effect"
import type { Product, ProductId, Sku } from "./Product.ts"
import type { ProductRepo, ProductRow } from "./ProductRepo.ts"

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

export const makeProductRepoMemory = (): ProductRepo["Service"] => {
  const products = new Map<Sku, ProductRow>()
  const byId = (id: ProductId) => Option.fromNullishOr([...products.values()].find((product) => product.id === id))

  return {
    find: (id) => Effect.sync(() => Option.map(byId(id), toProduct)),
    page: (after, limit) =>
      Effect.sync(() =>
        [...products.values()]
          .filter((product) => after === undefined || order(product, after) > 0)
          .toSorted(order)
          .slice(0, limit)
          .map(toProduct)
      ),
    stock: (id) => Effect.sync(() => Option.map(byId(id), ({ sku, received }) => ({ sku, available: received }))),
    prices: (skus) =>
      Effect.sync(() =>
        skus.flatMap((sku) => {
          const product = products.get(sku)
          return product === undefined ? [] : [{ sku, name: product.name, price: product.price }]
        })
      ),
    put: (rows) =>
      Effect.sync(() => {
        const counts = { added: 0, changed: 0 }
        for (const row of rows) {
          const known = products.get(row.sku)
          if (known === undefined) counts.added++
          else if (!sameOffer(known, row)) counts.changed++
          products.set(row.sku, known === undefined ? row : { ...row, id: known.id, createdAt: known.createdAt })
        }
        return counts
      })
  }
}
