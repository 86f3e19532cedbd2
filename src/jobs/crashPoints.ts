/**
 * Places at which a test makes the process die, to see that nothing is lost there. Nothing happens at them otherwise.
 *
 * A point is named after what is about to be done, or was just done. What happens there is a reference in the context:
 * nothing by default, and never anything else in production (`config.ts` sees to that).
 */
import { Context, Effect } from "effect"

export const AtCrashPoint = Context.Reference<(name: string) => Effect.Effect<void>>("holdfast/jobs/AtCrashPoint", {
  defaultValue: () => () => Effect.void
})

/** The queue's own: a claim is committed; a settlement is about to be written, or was. */
export const jobCrashPoints = ["job.claimed", "job.settle.before", "job.settle.after"] as const

export const reach = (name: string): Effect.Effect<void> => Effect.flatMap(AtCrashPoint, (at) => at(name))
export const reachJobPoint = (name: (typeof jobCrashPoints)[number]): Effect.Effect<void> => reach(name)
