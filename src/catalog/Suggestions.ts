/**
 * What else a shopper may like: the recommender's answer, in products that are sold.
 *
 * Never fails for want of an answer. Products are shown as the catalogue was read last (seconds ago, from memory), so a
 * page's suggestions cost no statement; what is not sold any more, or not known yet, is left out.
 */
import { Context, Effect, Layer, Option } from "effect"
import { Recommendations } from "../dependencies/recommendations/Recommendations.ts"
import { type Fresh, KillSwitches, type Stale, whenEnabled } from "../resilience/index.ts"
import type { Stocked } from "./Catalog.ts"
import type { ProductNotFound } from "./errors.ts"
import { LastGoodCatalogue } from "./LastGoodCatalogue.ts"
import { productsShownFor } from "./policy.ts"
import type { Product, ProductId } from "./Product.ts"
import { Storefront } from "./Storefront.ts"

/** The feature that an operator switches off to suggest nothing, and to ask nobody. */
export const recommending = "recommendations"

type Products = ReadonlyArray<Product>

/** Nobody could be asked, and nothing was known; or an operator has switched it off. */
interface Nothing {
  readonly _tag: "Nothing"
}

export class Suggestions extends Context.Service<
  Suggestions,
  {
    readonly of: (id: ProductId) => Effect.Effect<Fresh<Products> | Stale<Products> | Nothing, ProductNotFound>
  }
>()("holdfast/catalog/Suggestions") {
  /** Asks the `Recommendations` that are there when it is built; without any it has nothing to suggest, and says so plainly. */
  static readonly layer = Layer.effect(
    Suggestions,
    Effect.gen(function* () {
      const storefront = yield* Storefront
      const lastGood = yield* LastGoodCatalogue
      const recommender = yield* Effect.serviceOption(Recommendations)
      const switches = yield* KillSwitches

      const of = Effect.fn("Suggestions.of")(function* (id: ProductId) {
        const { value: product } = yield* storefront.find(id)
        if (Option.isNone(recommender)) return { _tag: "Fresh", value: [] as Products } as const
        yield* Effect.provideService(whenEnabled(recommending), KillSwitches, switches)
        const recommended = yield* recommender.value.of(product.sku)
        if (recommended._tag === "Fallback") return { _tag: "Nothing" } as const
        const known = Option.getOrUndefined(yield* lastGood.within(productsShownFor))
        if (known === undefined) return { _tag: "Nothing" } as const
        return { ...recommended, value: recommended.value.flatMap((sku) => productsOf(known.findBySku(sku))) }
      })

      return Suggestions.of({
        of: (id) =>
          Effect.catchTag(of(id), ["DatabaseUnavailable", "FeatureDisabled"], () =>
            Effect.succeed({ _tag: "Nothing" } as const)
          )
      })
    })
  )
}

const productsOf = (found: Option.Option<Stocked>): Products =>
  Option.match(found, { onNone: () => [], onSome: ({ product }) => [product] })
