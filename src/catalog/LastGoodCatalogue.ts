/**
 * The catalogue and the terms of sale as they were read last, for as long as they cannot be read.
 *
 * One fiber a node reads them, a few seconds after it did so last, whoever asks for them or not: so they are there when
 * the database goes, and nobody's request reads them anew when it comes back. A reading that fails changes nothing. An
 * empty shop is nothing known. Bounded in products, discounts and bytes: see `knownCatalogue.ts`.
 */
import { Clock, Context, DateTime, Duration, Effect, Layer, Option } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { Catalog } from "./Catalog.ts"
import { type KnownCatalogue, knownCatalogue, mostDiscounts, mostProducts } from "./knownCatalogue.ts"
import { TermsOfSale } from "./TermsOfSale.ts"

/** Three statements a node. What is shown in an outage is at most this much older than the outage. */
const readEvery = Duration.seconds(10)
/** Before anything is known: a shop's first goods are put on its shelves moments after its start. */
const readSoonAfter = Duration.millis(500)

export class LastGoodCatalogue extends Context.Service<
  LastGoodCatalogue,
  {
    /** What was read last, if that was no longer ago than this; how long is in `policy.ts`. From memory. */
    readonly within: (age: Duration.Duration) => Effect.Effect<Option.Option<KnownCatalogue>>
  }
>()("holdfast/catalog/LastGoodCatalogue") {
  static readonly layer = Layer.effect(
    LastGoodCatalogue,
    Effect.gen(function* () {
      const catalog = yield* Catalog
      const terms = yield* TermsOfSale
      let known: KnownCatalogue | undefined
      let failedBefore = false

      const read = Effect.gen(function* () {
        const readAt = yield* DateTime.now
        const stocked = yield* catalog.newest(mostProducts + 1)
        const allTerms = yield* terms.all(mostDiscounts)
        if (stocked.length > 0) known = knownCatalogue(readAt, stocked, allTerms)
        failedBefore = false
      })
      /** One line an outage. */
      const keepTheLast = (error: DatabaseUnavailable | QueryTimeout) =>
        Effect.suspend(() => {
          const before = failedBefore
          failedBefore = true
          return before
            ? Effect.logDebug("the catalogue is still as it was read last", { module: "catalog", code: error._tag })
            : Effect.logWarning("the catalogue stays as it was read last", { severity: "expected", code: error._tag })
        })
      yield* Effect.catch(read, keepTheLast).pipe(
        Effect.andThen(Effect.suspend(() => Effect.sleep(known === undefined ? readSoonAfter : readEvery))),
        Effect.forever,
        Effect.forkScoped
      )

      return LastGoodCatalogue.of({
        within: (age) =>
          Effect.map(Clock.currentTimeMillis, (now) =>
            Option.filter(
              Option.fromNullishOr(known),
              ({ readAt }) => now - DateTime.toEpochMillis(readAt) <= Duration.toMillis(age)
            )
          )
      })
    })
  )
}
