/**
 * Recommendations: what goes with a product, as somebody else's service sees it.
 *
 * Never fails: without an answer it is the last one that was heard, and without that nothing. It answers SKUs; whether
 * they are sold, and for how much, is the catalogue's to say.
 */
import { Context } from "effect"
import type { Effect } from "effect"
import type { Fallback, Fresh, Stale } from "../../resilience/index.ts"

export type Skus = ReadonlyArray<string>
export type Recommended = Fresh<Skus> | Stale<Skus> | Fallback<Skus>

export class Recommendations extends Context.Service<
  Recommendations,
  {
    /** At most `mostRecommended` of them, the best first. */
    readonly of: (sku: string) => Effect.Effect<Recommended>
  }
>()("holdfast/dependencies/recommendations/Recommendations") {}
