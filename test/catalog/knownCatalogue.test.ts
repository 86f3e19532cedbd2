/** What a copy of the catalogue can tell, and what it must not: the edge of what is kept is not the end of the list. */
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Option } from "effect"
import { knownCatalogue, mostBytes, mostProducts } from "../../src/catalog/knownCatalogue.ts"
import { ProductId, Sku } from "../../src/catalog/Product.ts"
import type { AllTerms, Discount } from "../../src/catalog/TermsOfSale.ts"

const readAt = DateTime.makeUnsafe(1_000_000)
const discount: Discount = {
  code: "TENTH",
  kind: "percentage",
  value: 10,
  minimumSubtotal: 0,
  startsAt: DateTime.makeUnsafe(0),
  endsAt: DateTime.makeUnsafe(2_000_000)
}
const shippingBands = [{ currency: "EUR", minimumSubtotal: 0, price: 590 }]
const terms: AllTerms = { discounts: [discount], complete: true, shippingBands }

/** The newest first; two of every moment. */
const goods = (count: number, description = "") =>
  Array.from({ length: count }, (_, index) => ({
    product: {
      id: ProductId.make(`prd_${String(count - index).padStart(6, "0")}`),
      sku: Sku.make(`GOOD-${count - index}`),
      name: "Good",
      description,
      price: { amount: 100 + index, currency: "EUR" },
      createdAt: DateTime.makeUnsafe(900_000 - Math.floor(index / 2))
    },
    available: index
  }))

const known = (count: number) => knownCatalogue(readAt, goods(count), terms)
const walk = (catalogue: ReturnType<typeof known>, limit: number) => {
  const ids: Array<string> = []
  let page = Option.getOrThrow(catalogue.page(undefined, limit))
  ids.push(...page.products.map(({ id }) => id))
  while (page.next !== undefined) {
    page = Option.getOrThrow(catalogue.page(page.next, limit))
    ids.push(...page.products.map(({ id }) => id))
  }
  return ids
}

describe("a copy of the catalogue", () => {
  it.each([1, 2, 3, 7, 8])("is walked in pages of %i as the database's list is, each product once", (limit) => {
    expect(walk(known(7), limit)).toEqual(goods(7).map(({ product }) => product.id))
  })

  it("goes on where a page ended, also when that product is gone", () => {
    const [, second, third] = goods(7)
    const cursor = { createdAt: second!.product.createdAt, id: ProductId.make(`${second!.product.id}x`) }
    expect(Option.getOrThrow(known(7).page(cursor, 1)).products).toEqual([second!.product])
    const gone = { createdAt: second!.product.createdAt, id: second!.product.id }
    expect(Option.getOrThrow(known(7).page(gone, 1)).products).toEqual([third!.product])
  })

  it("says nothing of a page that may go on behind what is kept", () => {
    const catalogue = known(mostProducts + 1)
    const last = goods(mostProducts + 1)[mostProducts - 2]!.product
    expect(catalogue.size).toBe(mostProducts)
    expect(Option.isSome(catalogue.page(undefined, 20))).toBe(true)
    expect(catalogue.page({ createdAt: last.createdAt, id: last.id }, 20)).toEqual(Option.none())
  })

  it("keeps the newest of what does not fit into its bytes", () => {
    const catalogue = knownCatalogue(readAt, goods(2_000, "x".repeat(4_000)), terms)
    expect(catalogue.size).toBeGreaterThan(1_400)
    expect(catalogue.size).toBeLessThan(2_000)
    expect(catalogue.bytes).toBeLessThanOrEqual(mostBytes)
    expect(Option.isSome(catalogue.find(ProductId.make("prd_002000")))).toBe(true)
    expect(catalogue.find(ProductId.make("prd_000001"))).toEqual(Option.none())
  })

  it("prices lines only when it knows all of them", () => {
    const catalogue = known(2)
    const [dear, cheap, unknown] = ["GOOD-1", "GOOD-2", "GOOD-3"].map((sku) => Sku.make(sku))
    const lines = Option.getOrThrow(catalogue.priceLines([dear!, cheap!]))
    expect([...lines.values()].map(({ price }) => price.amount)).toEqual([101, 100])
    expect(catalogue.priceLines([dear!, unknown!])).toEqual(Option.none())
  })

  it("has the terms of a cart, and refuses a code only when it knows every code", () => {
    expect(known(1).terms("TENTH")).toEqual(Option.some({ discount, shippingBands }))
    expect(known(1).terms(undefined)).toEqual(Option.some({ discount: undefined, shippingBands }))
    expect(known(1).terms("NONE")).toEqual(Option.some({ discount: null, shippingBands }))
    const some = knownCatalogue(readAt, goods(1), { ...terms, complete: false })
    expect(some.terms("NONE")).toEqual(Option.none())
    expect(some.terms("TENTH")).toEqual(Option.some({ discount, shippingBands }))
  })
})
