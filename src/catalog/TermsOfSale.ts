/**
 * Discounts and shipping: what the price of an order depends on besides its goods. Orders read these tables when they price a cart.
 *
 * `put` may be repeated: it makes each code and each band say what it was told, and leaves the others alone.
 * Nothing is ever deleted: a discount ends by its date. A shipping band holds from its minimum subtotal up to the next one's.
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

export class TermsOfSale extends Context.Service<
  TermsOfSale,
  {
    readonly put: (terms: {
      readonly discounts: ReadonlyArray<Discount>
      readonly shippingBands: ReadonlyArray<ShippingBand>
    }) => Effect.Effect<void, DatabaseUnavailable | QueryTimeout>
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
      return TermsOfSale.of({ put })
    })
  )
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
      minimum_subtotal_cents = excluded.minimum_subtotal_cents, starts_at = excluded.starts_at, ends_at = excluded.ends_at`
}

const putBands = (sql: SqlClient.SqlClient, bands: ReadonlyArray<ShippingBand>) => sql`
  insert into shipping_bands (currency, minimum_subtotal_cents, price_cents)
  select currency, "minimumSubtotal", price
  from jsonb_to_recordset(${JSON.stringify(bands)}::jsonb) as b(currency text, "minimumSubtotal" bigint, price bigint)
  order by currency, "minimumSubtotal"
  on conflict (currency, minimum_subtotal_cents) do update set price_cents = excluded.price_cents`
