/** Unpacks requests about the catalogue, and calls the feature. Nothing else. */
import { Effect, Option, type Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ProductId, type StockLevel } from "../../catalog/Product.ts"
import { type Seen, Storefront } from "../../catalog/Storefront.ts"
import { Api } from "../Api.ts"
import { detailOf, respondAsOf, respondByDefault, respondSeen } from "../degraded.ts"
import { Cursors } from "../pages.ts"
import { linked, nextCursor } from "../responses.ts"
import { respondTagged } from "../tags.ts"
import { ProductShown, ProductsShown, StockLevelShown } from "./CatalogApi.ts"

const feature = "catalogue"

/** Anybody may keep it, and asks each time whether it is still so: a price is shown as it is. */
const respondPublic = <A, I>(schema: Schema.Codec<A, I>, value: A) =>
  respondTagged(schema, value, { "cache-control": "public, no-cache" })

/** A level may be old for two reasons: this shop's table cannot be read, or whoever keeps the goods cannot be asked. */
const respondLevel = (seen: Seen<StockLevel>) => {
  const { value } = seen
  if (!value.stale) return respondSeen(StockLevelShown, "stock", seen, (level) => level)
  if (value.source === "default")
    return respondByDefault(StockLevelShown, value, { feature: "stock", since: value.asOf })
  const detail = seen._tag === "Stale" ? detailOf(seen.because) : "inventory_unavailable"
  return respondAsOf(StockLevelShown, value, { feature: "stock", asOf: value.asOf, detail })
}

export const catalogHandlers = HttpApiBuilder.group(
  Api,
  "catalog",
  Effect.fn(function* (handlers) {
    const storefront = yield* Storefront
    const cursors = yield* Cursors
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { limit, after } = yield* cursors.read("products", query)
        const cursor = Option.getOrUndefined(Option.map(after, (last) => ({ ...last, id: ProductId.make(last.id) })))
        const seen = yield* storefront.list({ limit, cursor })
        const more = nextCursor(cursors, "products", seen.value.next)
        const show = (page: typeof seen.value) => ({ data: page.products, ...more })
        return yield* respondSeen(ProductsShown, feature, seen, show, respondPublic).pipe(
          Effect.map(linked("/v1/products", limit, more.next_cursor))
        )
      }),
      get: Effect.fnUntraced(function* ({ params }) {
        const seen = yield* storefront.find(params.id)
        return yield* respondSeen(ProductShown, feature, seen, (product) => product, respondPublic)
      }),
      stock: Effect.fnUntraced(function* ({ params }) {
        return yield* respondLevel(yield* storefront.stockLevel(params.id))
      })
    })
  })
)
