/**
 * Deferred writes in the database: taken over from the spools of all nodes, applied by a queue, and kept with what became
 * of them.
 *
 * `take` and `decide` are one transaction each, and safe to repeat: an id is taken once and decided once. What was asked
 * is kept until it is decided, and forgotten then. One that failed may be handed in again: then it is decided anew.
 */
import { Context, type Effect, Layer, type Option } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../../database/errors.ts"
import type { Jobs } from "../Jobs.ts"
import type { Apply, Decision, Deferred } from "./Deferred.ts"
import { makeDeferredMemory } from "./deferredMemory.ts"
import { makeDeferredPostgres } from "./deferredPostgres.ts"
import type { Entry } from "./Spool.ts"

type Failures = DatabaseUnavailable | QueryTimeout

export class DeferredWrites extends Context.Service<
  DeferredWrites,
  {
    /** From now on the queue has it. */
    readonly take: (entry: Entry) => Effect.Effect<void, Failures>
    readonly find: (id: string) => Effect.Effect<Option.Option<Deferred>, Failures>
    /** Applies it, unless it is decided already or nobody knows it: then there is no decision. */
    readonly decide: (id: string, apply: Apply) => Effect.Effect<Option.Option<Decision>, Failures>
  }
>()("holdfast/jobs/DeferredWrites") {
  static readonly layer = Layer.effect(DeferredWrites, makeDeferredPostgres)
  static readonly layerMemory: Layer.Layer<DeferredWrites, never, Jobs> = Layer.effect(
    DeferredWrites,
    makeDeferredMemory
  )
}
