/** What an order would cost, by the catalogue and the terms of sale as they were known last. */
import { DateTime, Effect, Option } from "effect"
import { LastGoodCatalogue } from "../../catalog/LastGoodCatalogue.ts"
import { quotedFor } from "../../catalog/policy.ts"
import type { Cart } from "../Order.ts"
import { price, type PricedLine } from "../pricing.ts"

/** None when anything of it is not known; then there is nothing to quote, and nothing to refuse either. */
export const makeQuote = Effect.map(LastGoodCatalogue, (lastGood) =>
  Effect.fnUntraced(function* (cart: Cart) {
    const known = Option.getOrUndefined(yield* lastGood.within(quotedFor))
    const products = Option.getOrUndefined(known?.priceLines(cart.lines.map((line) => line.sku)) ?? Option.none())
    const terms = Option.getOrUndefined(known?.terms(cart.discountCode) ?? Option.none())
    if (products === undefined || terms === undefined) return Option.none()
    const lines = cart.lines.flatMap((line): ReadonlyArray<PricedLine> => {
      const product = products.get(line.sku)
      if (product === undefined) return []
      const { amount, currency } = product.price
      return [{ sku: line.sku, name: product.name, quantity: line.quantity, unitPriceCents: amount, currency }]
    })
    return Option.some(yield* Effect.fromResult(price(lines, terms, yield* DateTime.now, cart.expectedTotal)))
  })
)
