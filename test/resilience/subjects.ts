/** What the tests call: a policy without surprises, and effects that fail in a chosen way. */
import { Clock, Duration, Effect, type Scope } from "effect"
import { Backoff, Dependency, type Policy, type Sent, TransientFailure } from "../../src/resilience/index.ts"

/** Room enough and no waits, so that a test states only the number that it is about. */
export const calm = {
  deadline: "10 seconds",
  attemptTimeout: "1 second",
  attempts: 3,
  backoff: Backoff.none,
  concurrency: 1000,
  breaker: { consecutive: Infinity, openFor: "5 seconds" }
} as const satisfies Policy

export const make = (policy: Partial<Policy> = {}): Effect.Effect<Dependency, never, Scope.Scope> =>
  Dependency.make("thing", { ...calm, ...policy })

export const failure = (reason: string, sent: Sent = "maybe", retryAfter?: Duration.Input) =>
  new TransientFailure({
    reason,
    sent,
    retryAfter: retryAfter === undefined ? undefined : Duration.fromInputUnsafe(retryAfter)
  })

export const failing = Effect.fail(failure("status_500"))
export const working = Effect.succeed("answer")
export const read = { kind: "read" } as const
export const once = { kind: "read", attempts: 1 } as const

/** An effect that fails so many times and then answers with the number of the attempt. */
export const failingTimes = (times: number, reason = "status_500") => {
  let made = 0
  return Effect.suspend(() => (++made <= times ? Effect.fail(failure(reason)) : Effect.succeed(made)))
}

export const nowMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/** How long an effect takes on the test's clock, whatever it answers. */
export const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const from = yield* nowMillis
    const exit = yield* Effect.exit(self)
    return { exit, millis: (yield* nowMillis) - from }
  })
