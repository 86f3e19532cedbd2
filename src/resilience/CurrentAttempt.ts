/**
 * What an effect may know about the attempt that it runs in: its number, and the time at which the whole call ends.
 *
 * A call inside a call inherits the smaller deadline through this reference, without being told; so does a call inside
 * `withDeadline`, which is how a request's own deadline reaches everything that it calls. `remaining` is what to pass on.
 */
import { Clock, Context, Duration, Effect, type Option } from "effect"

export interface AttemptInfo {
  /** 1 is the first; 0 is a deadline without a call around it. */
  readonly number: number
  /** Monotonic time of the fiber's Clock, in nanoseconds, at which the whole call ends. */
  readonly deadlineNanos: bigint
}

export const CurrentAttempt: Context.Reference<AttemptInfo | undefined> = Context.Reference<AttemptInfo | undefined>(
  "holdfast/resilience/CurrentAttempt",
  { defaultValue: () => undefined }
)

/** Calls inside end within `duration`, or earlier when a deadline around this is earlier. It interrupts nothing itself. */
export const withDeadline =
  (duration: Duration.Input) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => {
      const nanos = Duration.toNanosUnsafe(Duration.fromInputUnsafe(duration))
      const own = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe() + nanos
      const outer = fiber.getRef(CurrentAttempt)
      if (outer !== undefined && outer.deadlineNanos <= own) return self
      return Effect.provideService(self, CurrentAttempt, { number: outer?.number ?? 0, deadlineNanos: own })
    })

/** The time left, never negative; none where no deadline is set. */
export const remaining: Effect.Effect<Option.Option<Duration.Duration>> = Effect.withFiber((fiber) => {
  const attempt = fiber.getRef(CurrentAttempt)
  if (attempt === undefined) return Effect.succeedNone
  const left = attempt.deadlineNanos - fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
  return Effect.succeedSome(Duration.nanos(left > 0n ? left : 0n))
})
