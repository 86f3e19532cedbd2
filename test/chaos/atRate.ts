/** An open loop: so many a second, however long each takes. */
import { Effect, Schedule } from "effect"

/**
 * Until it is interrupted; those that were begun go on as long as the scope is open. The time between two is in whole
 * milliseconds: a timer that fires a fraction too early would make two of one.
 */
export const atRate = <A, R>(perSecond: number, one: Effect.Effect<A, never, R>) =>
  Effect.repeat(Effect.forkScoped(one), Schedule.fixed(Math.round(1000 / perSecond)))
