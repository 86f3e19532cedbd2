/** A catalogue and terms of sale in memory that a test can take away and give back, with a count of what is asked. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Context, Effect, Layer } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { LastGoodCatalogue } from "../../src/catalog/LastGoodCatalogue.ts"
import { Sku } from "../../src/catalog/Product.ts"
import { TermsOfSale } from "../../src/catalog/TermsOfSale.ts"
import { DatabaseUnavailable } from "../../src/database/errors.ts"

/** The database, as a test wants it. */
export class Fate extends Context.Service<Fate, { is: "up" | "down" | "silent"; asked: number }>()(
  "holdfast/test/Fate"
) {
  static readonly layer = Layer.sync(Fate, () => ({ is: "up" as const, asked: 0 }))
}

export const away = new DatabaseUnavailable({ reason: "connection", outcome: "none", retryAfterSeconds: 5 })

const subject =
  (fate: Fate["Service"]) =>
  <Args extends ReadonlyArray<unknown>, A, E>(ask: (...args: Args) => Effect.Effect<A, E>) =>
  (...args: Args): Effect.Effect<A, E | DatabaseUnavailable> =>
    Effect.suspend((): Effect.Effect<A, E | DatabaseUnavailable> => {
      fate.asked++
      return fate.is === "down" ? Effect.fail(away) : fate.is === "silent" ? Effect.never : ask(...args)
    })

const fated = Layer.effect(
  Catalog,
  Effect.gen(function* () {
    const [catalog, under] = [yield* Catalog, subject(yield* Fate)]
    return {
      ...catalog,
      list: under(catalog.list),
      find: under(catalog.find),
      stockLevel: under(catalog.stockLevel),
      newest: under(catalog.newest)
    }
  })
).pipe(Layer.provide(Catalog.layerMemory))

export const catalogueUnderFate = LastGoodCatalogue.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(fated, TermsOfSale.layerMemory)),
  Layer.provideMerge(Fate.layer),
  Layer.provide(NodeCrypto.layerSecureRandom)
)

export const cup = {
  sku: Sku.make("CUP"),
  name: "Cup",
  description: "",
  price: { amount: 500, currency: "EUR" },
  received: 7
}
