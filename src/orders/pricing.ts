/**
 * What an order costs. Pure: the same cart, terms and time give the same price, and nothing is ever negative.
 *
 * A total that the payment provider would refuse is refused here, before there is an order; a free one is fine.
 * A discount is applied once, to the subtotal, and never takes off more than the subtotal. A percentage is rounded down
 * to the minor unit, so that it never takes off more than it says. Shipping follows the subtotal before the discount.
 */
import { DateTime, Result } from "effect"
import type { Discount, ShippingBand, Terms } from "../catalog/TermsOfSale.ts"
import { DiscountNotApplicable, MixedCurrencies, PriceChanged, TotalNotPayable } from "./errors.ts"

export interface PricedLine {
  readonly sku: string
  readonly name: string
  readonly quantity: number
  readonly unitPriceCents: number
  readonly currency: string
}

export interface Price {
  readonly subtotalCents: number
  readonly discountCents: number
  readonly shippingCents: number
  readonly totalCents: number
  readonly currency: string
}

/** Stripe's smallest charge in the currencies that a shop is likely to have, and in any other; its largest is eight digits. */
const minimumCents: Readonly<Record<string, number>> = { EUR: 50, USD: 50, CHF: 50, GBP: 30 }
const otherMinimumCents = 50
const maximumCents = 99_999_999

/** The price, or why there is none. `expectedTotalCents` is what the client was shown, if it says so. */
export const price = (
  lines: ReadonlyArray<PricedLine>,
  terms: Terms,
  now: DateTime.Utc,
  expectedTotalCents?: number
): Result.Result<Price, MixedCurrencies | DiscountNotApplicable | PriceChanged | TotalNotPayable> => {
  const currency = lines[0]?.currency ?? ""
  if (lines.some((line) => line.currency !== currency)) return Result.fail(new MixedCurrencies())
  const subtotalCents = lines.reduce((sum, line) => sum + line.unitPriceCents * line.quantity, 0)
  const refusal = refusalOf(terms.discount, subtotalCents, currency, now)
  if (refusal !== undefined) return Result.fail(new DiscountNotApplicable({ reason: refusal }))
  const discountCents = terms.discount == null ? 0 : discountOf(terms.discount, subtotalCents)
  const shippingCents = shippingOf(terms.shippingBands, subtotalCents, currency)
  const totalCents = subtotalCents - discountCents + shippingCents
  if (expectedTotalCents !== undefined && expectedTotalCents !== totalCents) {
    return Result.fail(new PriceChanged({ expected: expectedTotalCents, total: totalCents, currency }))
  }
  const minimum = minimumCents[currency] ?? otherMinimumCents
  if (totalCents !== 0 && (totalCents < minimum || totalCents > maximumCents)) {
    return Result.fail(new TotalNotPayable({ totalCents, minimumCents: minimum, maximumCents }))
  }
  return Result.succeed({ subtotalCents, discountCents, shippingCents, totalCents, currency })
}

const refusalOf = (
  discount: Terms["discount"],
  subtotalCents: number,
  currency: string,
  now: DateTime.Utc
): DiscountNotApplicable["reason"] | undefined => {
  if (discount === undefined) return undefined
  if (discount === null) return "unknown"
  if (DateTime.isLessThan(now, discount.startsAt)) return "not_yet"
  if (DateTime.isGreaterThanOrEqualTo(now, discount.endsAt)) return "over"
  if (discount.kind === "amount" && discount.currency !== currency) return "other_currency"
  return subtotalCents < discount.minimumSubtotal ? "below_minimum" : undefined
}

const discountOf = (discount: Discount, subtotalCents: number): number =>
  discount.kind === "percentage"
    ? Math.floor((subtotalCents * discount.value) / 100)
    : Math.min(discount.value, subtotalCents)

/** The band with the highest minimum that the subtotal reaches; without one, shipping is free. */
const shippingOf = (bands: ReadonlyArray<ShippingBand>, subtotalCents: number, currency: string): number =>
  bands
    .filter((band) => band.currency === currency && band.minimumSubtotal <= subtotalCents)
    .reduce<ShippingBand | undefined>(
      (best, band) => (best === undefined || band.minimumSubtotal > best.minimumSubtotal ? band : best),
      undefined
    )?.price ?? 0
