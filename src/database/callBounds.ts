/**
 * The two bounds that hold whatever the server does: the wait for a place in the pool, and the whole call's deadline.
 *
 * The work runs in a fiber of its own that is left behind at the deadline: rolling back on a dead connection may take
 * as long as the silence limit, and nobody waits for it. A caller that is interrupted returns at once, likewise.
 */
import { Effect, Fiber, Scope, type Semaphore } from "effect"
import { unavailable } from "./sqlFailures.ts"

/** `self` while it holds one of the places, and a typed refusal when none was free in time. */
export const withPlace = <A, E, R>(places: Semaphore.Semaphore, waitMillis: number, self: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Scope.make(),
    (scope) =>
      Scope.provide(places.takeScoped(1), scope).pipe(
        Effect.timeoutOrElse({
          duration: waitMillis,
          orElse: () => Effect.fail(unavailable("pool_exhausted", "none"))
        }),
        Effect.andThen(self)
      ),
    (scope, exit) => Scope.close(scope, exit)
  )

/** `self` in a fiber of its own; `late` answers for it at the deadline, unless it has committed and only tidies up. */
export const withDeadline = <A, E, R, E2>(
  self: Effect.Effect<A, E, R>,
  options: { readonly millis: number; readonly committed: () => boolean; readonly late: () => E2 }
): Effect.Effect<A, E | E2, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(self, { startImmediately: true }), (fiber) => {
      const leave = Effect.sync(() => fiber.interruptUnsafe())
      const atDeadline = Effect.suspend((): Effect.Effect<A, E | E2> => {
        if (options.committed()) return Fiber.join(fiber)
        const error = options.late()
        return Effect.andThen(leave, Effect.fail(error))
      })
      return restore(
        Effect.timeoutOrElse(Fiber.join(fiber), { duration: options.millis, orElse: () => atDeadline })
      ).pipe(Effect.onInterrupt(() => leave))
    })
  )
