/**
 * What an effect may know about the attempt that it runs in: its number, and the time at which the whole call ends.
 *
 * A call inside a call inherits the smaller deadline through this reference, without being told.
 */
import { Context } from "effect"

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
