/**
 * What a replay of a dead letter would do: said by whoever handles the queue, because nobody else knows.
 *
 * An entry answers for many letters of its queue at once, in their order. A queue without one is `unknown`.
 */
import { Context, type Effect } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { Assessment, DeadLetter } from "./DeadLetter.ts"

export type Assess = (
  letters: ReadonlyArray<DeadLetter>
) => Effect.Effect<ReadonlyArray<Assessment>, DatabaseUnavailable | QueryTimeout>

export const ReplaySafety = Context.Reference<ReadonlyMap<string, Assess>>("holdfast/jobs/ReplaySafety", {
  defaultValue: () => new Map()
})

export const unknownSafety: Assessment = {
  verdict: "unknown",
  would: "Runs its handler again from the start; the queue does not say what that repeats."
}
