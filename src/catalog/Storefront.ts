/**
 * The catalogue as shoppers see it: live, or as it was known last while the database is away or slow, or while there are
 * more requests than this node can answer: then most of them are for pages, and one from memory asks nothing of the database.
 *
 * A substitute says so, and how old it is. It is never an empty list and never "no such product" because nobody could be
 * asked: what is not known is `DatabaseUnavailable`. Prices of an order never come from here.
 */
import { Context, DateTime, Duration, Effect, Layer, Option } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { substitutable, withoutSubstitute } from "../database/substitutes.ts"
import { Inventory } from "../dependencies/inventory/Inventory.ts"
import { Crowd } from "../jobs/Crowd.ts"
import { Dependency, DependencyUnavailable, type Fresh, type Stale } from "../resilience/index.ts"
import { Catalog, type ProductPage } from "./Catalog.ts"
import { ProductNotFound } from "./errors.ts"
import type { KnownCatalogue } from "./knownCatalogue.ts"
import { LastGoodCatalogue } from "./LastGoodCatalogue.ts"
import { productsShownFor, shownInACrowdFor, stockShownFor, storefrontPolicy } from "./policy.ts"
import type { Product, ProductCursor, ProductId, Sku, StockLevel } from "./Product.ts"

export type Seen<A> = Fresh<A> | Stale<A>

export class Storefront extends Context.Service<
  Storefront,
  {
    readonly list: (page: {
      readonly cursor?: ProductCursor | undefined
      readonly limit: number
    }) => Effect.Effect<Seen<ProductPage>, DatabaseUnavailable>
    readonly find: (id: ProductId) => Effect.Effect<Seen<Product>, ProductNotFound | DatabaseUnavailable>
    /** Of the shop's own table, or of the `Inventory` that is there when it is built, which says itself how old it is. */
    readonly stockLevel: (id: ProductId) => Effect.Effect<Seen<StockLevel>, ProductNotFound | DatabaseUnavailable>
  }
>()("holdfast/catalog/Storefront") {
  static readonly layer = Layer.effect(
    Storefront,
    Effect.gen(function* () {
      const catalog = yield* Catalog
      const lastGood = yield* LastGoodCatalogue
      const elsewhere = yield* Effect.serviceOption(Inventory)
      const crowd = yield* Effect.serviceOption(Crowd)
      const isCrowded = () => Option.isSome(crowd) && crowd.value.isAtTheDoor()
      const dependency = yield* Dependency.make("catalogue", storefrontPolicy)

      /** Says nothing of what it does not know. */
      const asKnown = Effect.fnUntraced(function* <A>(
        shownFor: Duration.Duration,
        lookUp: (known: KnownCatalogue) => Option.Option<A>,
        because: DependencyUnavailable
      ): Effect.fn.Return<Stale<A> | undefined> {
        const known = Option.getOrUndefined(yield* lastGood.within(shownFor))
        const found = known === undefined ? Option.none() : lookUp(known)
        if (known === undefined || Option.isNone(found)) return undefined
        const age = Duration.millis(Math.max(0, ageMillis(known.readAt, yield* DateTime.now)))
        return { _tag: "Stale", value: found.value, age, because }
      })

      /** Live, or what the catalogue that was known last says, if it is young enough and says anything. */
      const seen = Effect.fnUntraced(function* <A>(
        live: Effect.Effect<A, Down>,
        shownFor: Duration.Duration,
        lookUp: (known: KnownCatalogue) => Option.Option<A>
      ): Effect.fn.Return<Seen<A>, DatabaseUnavailable> {
        if (isCrowded()) {
          const recent = yield* asKnown(shownInACrowdFor, lookUp, crowded)
          if (recent !== undefined) return recent
        }
        const served = yield* dependency.call(substitutable(live), { kind: "read", fallback: (because) => because })
        if (served._tag === "Fresh") return served
        return (yield* asKnown(shownFor, lookUp, served.because)) ?? (yield* withoutSubstitute(served.because))
      })

      const seenOne = <A>(
        live: Effect.Effect<A, ProductNotFound | Down>,
        shownFor: Duration.Duration,
        lookUp: (known: KnownCatalogue) => Option.Option<A>
      ) => Effect.flatMap(seen(orNotThere(live), shownFor, lookUp), there)

      const find = Effect.fn("Storefront.find")((id: ProductId) =>
        seenOne(catalog.find(id), productsShownFor, (known) => Option.map(known.find(id), ({ product }) => product))
      )

      const list = Effect.fn("Storefront.list")(
        (page: { readonly cursor?: ProductCursor | undefined; readonly limit: number }) =>
          seen(catalog.list(page), productsShownFor, (known) => known.page(page.cursor, page.limit))
      )

      const stockLevel = Effect.fn("Storefront.stockLevel")(function* (id: ProductId) {
        if (Option.isNone(elsewhere)) {
          return yield* seenOne<StockLevel>(catalog.stockLevel(id), stockShownFor, (known) =>
            Option.map(known.find(id), (stocked) => levelOf(stocked, known.readAt))
          )
        }
        // Which goods they are never changes, so it does not matter from where that is known.
        const { value: product } = yield* find(id)
        return { _tag: "Fresh", value: yield* keptElsewhere(elsewhere.value, product.sku as Sku) } as const
      })

      return Storefront.of({ list, find, stockLevel })
    })
  )
}

/** Nobody was asked: there is no place for one more question. A crowd is judged anew every second. */
const crowded = new DependencyUnavailable("catalogue", "BulkheadFull", "no", 0, Duration.seconds(1), undefined)

const ageMillis = (readAt: DateTime.Utc, now: DateTime.Utc) =>
  DateTime.toEpochMillis(now) - DateTime.toEpochMillis(readAt)

type Down = DatabaseUnavailable | QueryTimeout

/** That there is no such product is an answer of the database's like any other. */
const orNotThere = <A>(live: Effect.Effect<A, ProductNotFound | Down>): Effect.Effect<A | ProductNotFound, Down> =>
  Effect.catchTag(live, "ProductNotFound", (notFound) => Effect.succeed(notFound))
const there = <A>(seen: Seen<A | ProductNotFound>): Effect.Effect<Seen<A>, ProductNotFound> =>
  seen.value instanceof ProductNotFound ? Effect.fail(seen.value) : Effect.succeed(seen as Seen<A>)

const levelOf = (
  { available, product }: { readonly product: Product; readonly available: number },
  asOf: DateTime.Utc
) => ({ sku: product.sku, available, inStock: available > 0, source: "cache", stale: true, asOf }) satisfies StockLevel

/** What is sold here and not kept there is out of stock; what nobody knows is for the reservation to decide. */
const keptElsewhere = Effect.fnUntraced(function* (inventory: Inventory["Service"], sku: Sku) {
  const none = Effect.map(DateTime.now, (asOf) => ({ sku, available: 0, source: "live" as const, asOf }))
  const { available, ...reading } = yield* Effect.catchTag(inventory.level(sku), "SkuNotStocked", () => none)
  const stale = reading.source !== "live"
  return { ...reading, available, inStock: available === null || available > 0, stale } satisfies StockLevel
})
