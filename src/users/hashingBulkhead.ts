/**
 * Admission to the hashing of passwords: so many at once, so many waiting, so long; everybody else is refused at once.
 *
 * A hash that has begun is never interrupted, and its place is given back only when it has ended, whatever its caller
 * did meanwhile. First come, first served.
 */
import { availableParallelism } from "node:os"
import { Context, Duration, Effect, Semaphore } from "effect"
import { HashingOverloaded } from "./errors.ts"

export interface HashingLimits {
  readonly atOnce: number
  readonly waiting: number
  readonly wait: Duration.Duration
  /** A wrong password is told no sooner than so long after its hash began. */
  readonly wrongAfter: Duration.Duration
}

/**
 * One core stays free for requests. No more than three at once, however many cores: the default pool has four threads,
 * and looking up a host name or reading a file needs one. 32 waiters are under a second of work for one core, and
 * nobody waits longer than 2 s. 200 ms are eight hashes: a hash of former parameters, or on a core that others want as
 * well, ends within them, so a wrong password takes as long whatever was stored.
 */
export const HashingLimits = Context.Reference<HashingLimits>("holdfast/users/HashingLimits", {
  defaultValue: () => ({
    atOnce: Math.min(Math.max(1, availableParallelism() - 1), 3),
    waiting: 32,
    wait: Duration.seconds(2),
    wrongAfter: Duration.millis(200)
  })
})

export const makeHashingBulkhead = Effect.gen(function* () {
  const limits = yield* HashingLimits
  const places = yield* Semaphore.make(limits.atOnce)
  let inside = 0
  const overloaded = Effect.suspend(() =>
    Effect.fail(new HashingOverloaded({ retryAfterSeconds: Math.max(1, Math.ceil(Duration.toSeconds(limits.wait))) }))
  )
  const enter = Effect.suspend(() => {
    if (inside >= limits.atOnce + limits.waiting) return overloaded
    inside++
    return Effect.void
  })
  const leave = Effect.sync(() => {
    inside--
  })

  return <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | HashingOverloaded, R> =>
    Effect.acquireUseRelease(
      enter,
      () =>
        // A place belongs to the scope: one that is handed over in the moment of giving up goes back with it.
        Effect.scoped(
          places
            .takeScoped(1)
            .pipe(Effect.timeoutOrElse({ duration: limits.wait, orElse: () => overloaded }), Effect.andThen(work))
        ) as Effect.Effect<A, E | HashingOverloaded, R>,
      () => leave
    )
})
