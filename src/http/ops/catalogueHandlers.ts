/** Unpacks what operators do to the catalogue. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { cataloguing } from "../../ops/cataloguing.ts"
import { OpsApi } from "./OpsApi.ts"
import { mayChange } from "./OpsAuthorization.ts"

export const catalogueHandlers = HttpApiBuilder.group(
  OpsApi,
  "catalogue",
  Effect.fn(function* (handlers) {
    const catalogue = yield* cataloguing
    const by = (reason: string) => Effect.map(mayChange, (actor) => ({ actor, reason }))
    return handlers.handleAll({
      import: Effect.fnUntraced(function* ({ payload: { products, reason } }) {
        return yield* catalogue.import(products, yield* by(reason))
      }),
      price: Effect.fnUntraced(function* ({ params, payload: { price, reason } }) {
        return yield* catalogue.price(params.sku, price, yield* by(reason))
      }),
      stock: Effect.fnUntraced(function* ({ params, payload: { reason, received } }) {
        return yield* catalogue.stock(params.sku, received, yield* by(reason))
      })
    })
  })
)
