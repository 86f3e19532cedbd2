/** Unpacks requests about the catalogue, and calls the feature. Nothing else. */
import { Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Catalog } from "../../catalog/Catalog.ts"
import { ProductId } from "../../catalog/Product.ts"
import { Api } from "../Api.ts"
import { Cursors } from "../pages.ts"
import { nextCursor } from "../responses.ts"

export const catalogHandlers = HttpApiBuilder.group(
  Api,
  "catalog",
  Effect.fn(function* (handlers) {
    const catalog = yield* Catalog
    const cursors = yield* Cursors
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { limit, after } = yield* cursors.read("products", query)
        const cursor = Option.getOrUndefined(Option.map(after, (last) => ({ ...last, id: ProductId.make(last.id) })))
        const page = yield* catalog.list({ limit, cursor })
        return { data: page.products, ...nextCursor(cursors, "products", page.next) }
      }),
      get: ({ params }) => catalog.find(params.id),
      stock: ({ params }) => catalog.stockLevel(params.id)
    })
  })
)
