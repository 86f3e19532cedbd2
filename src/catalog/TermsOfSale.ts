/**
 * Discounts and shipping: what the price of an order depends on besides its goods. Orders read these tables when they
 * price a cart.
 *
 * `put` may be repeated: it makes each code and each band say what it was told, and leaves the others alone. Nothing is
 * ever deleted: a discount ends by its date. A shipping band holds from its minimum subtotal up to the next one's.
 */
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { Context, DateTime, Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { Database } from "../database/Database.ts"

interface Offer {
  readonly code: string
  /** Minor units of the order's currency. */
  readonly minimumSubtotal: number
  readonly startsAt: DateTime.Utc
  /** From then on it is over; later than `startsAt`. */
  readonly endsAt: DateTime.Utc
}
/** Percent of the subtotal, 1 to 100; or minor units of one currency. */
export type Discount =
  | (Offer & { readonly kind: "percentage"; readonly value: number })
  | (Offer & { readonly kind: "amount"; readonly value: number; readonly currency: string })

/** Minor units both. */
export interface ShippingBand {
  readonly currency: string
  readonly minimumSubtotal: number
  readonly price: number
}

/** What a cart is priced by: the discount that it names (null: there is none of that code), and the shipping bands. */
export interface Terms {
  readonly discount: Discount | null | undefined
  readonly shippingBands: ReadonlyArray<ShippingBand>
}

/** Every shipping band, and the discounts that end last: all of them where `complete`. */
export interface AllTerms {
  readonly discounts: ReadonlyArray<Discount>
  readonly complete: boolean
  readonly shippingBands: ReadonlyArray<ShippingBand>
}

/** Far more bands than any shop has; a bound on what one price reads. */
const mostBands = 1_000

export class TermsOfSale extends Context.Service<
  TermsOfSale,
  {
    readonly put: (terms: {
      readonly discounts: ReadonlyArray<Discount>
      readonly shippingBands: ReadonlyArray<ShippingBand>
    }) => Effect.Effect<void, DatabaseUnavailable | QueryTimeout>
    /** The terms of a cart with this discount code, or without one. */
    readonly find: (discountCode: string | undefined) => Effect.Effect<Terms, DatabaseUnavailable | QueryTimeout>
    /** For whoever keeps a copy, of at most so many discounts. */
    readonly all: (mostDiscounts: number) => Effect.Effect<AllTerms, DatabaseUnavailable | QueryTimeout>
  }
>()("holdfast/catalog/TermsOfSale") {
  static readonly layer = Layer.effect(
    TermsOfSale,
    Effect.gen(function* () {
      const database = yield* Database
      const put = Effect.fn("TermsOfSale.put")(function* (terms: Parameters<TermsOfSale["Service"]["put"]>[0]) {
        yield* database.transaction("terms.put", (sql) =>
          Effect.andThen(putDiscounts(sql, terms.discounts), putBands(sql, terms.shippingBands))
        )
      })
      const bands = database.read(
        "terms.bands",
        (sql) =>
          sql<ShippingBand>`select currency, minimum_subtotal_cents::float8 as "minimumSubtotal", price_cents::float8 as price
          from shipping_bands limit ${mostBands}`
      )
      const find = Effect.fn("TermsOfSale.find")(function* (discountCode: string | undefined) {
        const shippingBands = yield* bands
        if (discountCode === undefined) return { discount: undefined, shippingBands }
        const [found] = yield* database.read(
          "terms.discount",
          (sql) => sql<DiscountRow>`select ${discountColumns(sql)} from discounts where code = ${discountCode}`
        )
        return { discount: found === undefined ? null : toDiscount(found), shippingBands }
      })
      const all = Effect.fn("TermsOfSale.all")(function* (mostDiscounts: number) {
        const shippingBands = yield* bands
        const found = yield* database.read(
          "terms.discounts",
          (sql) =>
            sql<DiscountRow>`select ${discountColumns(sql)} from discounts order by ends_at desc, code limit ${mostDiscounts + 1}`
        )
        const discounts = found.slice(0, mostDiscounts).map(toDiscount)
        return { discounts, complete: found.length <= mostDiscounts, shippingBands }
      })
      return TermsOfSale.of({ put, find, all })
    })
  )

  static readonly layerMemory = Layer.sync(TermsOfSale, () => {
    const discounts = new Map<string, Discount>()
    const bands = new Map<string, ShippingBand>()
    return TermsOfSale.of({
      put: (terms) =>
        Effect.sync(() => {
          for (const discount of terms.discounts) discounts.set(discount.code, discount)
          for (const band of terms.shippingBands) bands.set(`${band.currency} ${band.minimumSubtotal}`, band)
        }),
      find: (code) =>
        Effect.sync(() => ({
          discount: code === undefined ? undefined : (discounts.get(code) ?? null),
          shippingBands: [...bands.values()]
        })),
      all: (mostDiscounts) =>
        Effect.sync(() => ({
          discounts: [...discounts.values()].toSorted(lastToEnd).slice(0, mostDiscounts),
          complete: discounts.size <= mostDiscounts,
          shippingBands: [...bands.values()]
        }))
    })
  })
}

const lastToEnd = (a: Discount, b: Discount) => DateTime.toEpochMillis(b.endsAt) - DateTime.toEpochMillis(a.endsAt)

const discountColumns = (sql: SqlClient.SqlClient) =>
  sql.literal(`code, kind, value, currency, minimum_subtotal_cents::float8 as "minimumSubtotal", starts_at, ends_at`)

interface DiscountRow {
  readonly code: string
  readonly kind: "percentage" | "amount"
  readonly value: number
  readonly currency: string | null
  readonly minimumSubtotal: number
  readonly starts_at: Date
  readonly ends_at: Date
}

const toDiscount = ({ currency, ends_at, kind, starts_at, ...rest }: DiscountRow): Discount => {
  const offer = { ...rest, startsAt: DateTime.fromDateUnsafe(starts_at), endsAt: DateTime.fromDateUnsafe(ends_at) }
  return kind === "amount" ? { ...offer, kind, currency: currency ?? "" } : { ...offer, kind }
}

const putDiscounts = (sql: SqlClient.SqlClient, discounts: ReadonlyArray<Discount>) => {
  const rows = discounts.map(({ startsAt, endsAt, ...discount }) => ({
    ...discount,
    startsAt: DateTime.formatIso(startsAt),
    endsAt: DateTime.formatIso(endsAt)
  }))
  return sql`
    insert into discounts (code, kind, value, currency, minimum_subtotal_cents, starts_at, ends_at)
    select code, kind, value, currency, "minimumSubtotal", "startsAt", "endsAt"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as d(code text, kind text, value int, currency text,
      "minimumSubtotal" bigint, "startsAt" timestamptz, "endsAt" timestamptz)
    order by code
    on conflict (code) do update set kind = excluded.kind, value = excluded.value, currency = excluded.currency,
      minimum_subtotal_cents = excluded.minimum_subtotal_cents, starts_at = excluded.starts_at,
      ends_at = excluded.ends_at`
}

const putBands = (sql: SqlClient.SqlClient, bands: ReadonlyArray<ShippingBand>) => sql`
  insert into shipping_bands (currency, minimum_subtotal_cents, price_cents)
  select currency, "minimumSubtotal", price
  from jsonb_to_recordset(${JSON.stringify(bands)}::jsonb) as b(currency text, "minimumSubtotal" bigint, price bigint)
  order by currency, "minimumSubtotal"
  on conflict (currency, minimum_subtotal_cents) do update set price_cents = excluded.price_cents`
