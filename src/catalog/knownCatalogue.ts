/**
 * The catalogue and the terms of sale as they were at one moment: pages, products, stock and prices without a database.
 *
 * Pure. What it cannot tell it does not answer: a page that may have a successor which is not kept, a product that is
 * not kept, a code that may be among those that are not. None of these is an empty list, or a refusal.
 */
import { DateTime, Option } from "effect"
import type { PricedProduct, ProductPage, Stocked } from "./Catalog.ts"
import type { Product, ProductCursor, ProductId, Sku } from "./Product.ts"
import type { AllTerms, Terms } from "./TermsOfSale.ts"

/** About 80 times what the sandbox sells; a shop with more keeps what it took in last. */
export const mostProducts = 5_000
/** Codes by the thousand are one-time codes, for which an old copy would be no answer. */
export const mostDiscounts = 1_000
/** What the texts of that many products take at a thousand characters each; full descriptions are up to 4,000. */
export const mostBytes = 12 * 1024 * 1024
/** What a product takes besides its texts: an object of seven fields, and its places in two maps. */
const bytesBesideTexts = 400

export interface KnownCatalogue {
  readonly readAt: DateTime.Utc
  /** As many products as are kept. */
  readonly size: number
  readonly bytes: number
  readonly page: (after: ProductCursor | undefined, limit: number) => Option.Option<ProductPage>
  readonly find: (id: ProductId) => Option.Option<Stocked>
  readonly findBySku: (sku: string) => Option.Option<Stocked>
  /** None unless every SKU is known: whether the others are sold is not known. */
  readonly priceLines: (skus: ReadonlyArray<Sku>) => Option.Option<ReadonlyMap<Sku, PricedProduct>>
  readonly terms: (discountCode: string | undefined) => Option.Option<Terms>
}

/** A character takes two bytes at most. */
const bytesOf = ({ product: { description, name, sku } }: Stocked) =>
  2 * (description.length + name.length + sku.length) + bytesBesideTexts

/** The newest first, as many as fit. */
const fitting = (stocked: ReadonlyArray<Stocked>) => {
  let bytes = 0
  const kept: Array<Stocked> = []
  for (const each of stocked) {
    const more = bytesOf(each)
    if (kept.length === mostProducts || bytes + more > mostBytes) break
    bytes += more
    kept.push(each)
  }
  return { kept, bytes, complete: kept.length === stocked.length }
}

const isBehind = ({ createdAt, id }: Product, cursor: ProductCursor) => {
  const later = DateTime.toEpochMillis(cursor.createdAt) - DateTime.toEpochMillis(createdAt)
  return later > 0 || (later === 0 && id < cursor.id)
}

/** `stocked` is the newest products, newest first, and one more than are kept if there are more. */
export const knownCatalogue = (
  readAt: DateTime.Utc,
  stocked: ReadonlyArray<Stocked>,
  terms: AllTerms
): KnownCatalogue => {
  const { kept, bytes, complete } = fitting(stocked)
  const byId = new Map(kept.map((each) => [each.product.id, each]))
  const bySku = new Map(kept.map((each) => [each.product.sku, each]))
  const byCode = new Map(terms.discounts.map((discount) => [discount.code, discount]))

  return {
    readAt,
    size: kept.length,
    bytes,
    page: (after, limit) => {
      const from = after === undefined ? 0 : kept.findIndex(({ product }) => isBehind(product, after))
      const rest = from < 0 ? [] : kept.slice(from, from + limit + 1)
      if (rest.length <= limit && !complete) return Option.none()
      const products = rest.slice(0, limit).map(({ product }) => product)
      const last = products.at(-1)
      const next = rest.length > limit && last !== undefined ? { createdAt: last.createdAt, id: last.id } : undefined
      return Option.some({ products, next })
    },
    find: (id) => Option.fromNullishOr(byId.get(id)),
    findBySku: (sku) => Option.fromNullishOr(bySku.get(sku)),
    priceLines: (skus) => {
      const found = new Map<Sku, PricedProduct>()
      for (const sku of skus) {
        const known = bySku.get(sku)
        if (known === undefined) return Option.none()
        const { name, price } = known.product
        found.set(sku, { sku, name, price })
      }
      return Option.some(found)
    },
    terms: (code) => {
      const { shippingBands } = terms
      if (code === undefined) return Option.some({ discount: undefined, shippingBands })
      const discount = byCode.get(code)
      if (discount === undefined && !terms.complete) return Option.none()
      return Option.some({ discount: discount ?? null, shippingBands })
    }
  }
}
