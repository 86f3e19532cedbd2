/**
 * Who is measured: the same call, guarded by each library with the policy that it can express.
 *
 * The policy is that of a provider's call: 3 attempts with jitter, a circuit of 5 failures in a row, 2,000 at once, a second
 * per attempt. A library that lacks a part is measured without it, which favours it; `lacks` says what.
 */
import * as Cockatiel from "cockatiel"
import { Effect, type Scope } from "effect"
import { Schedule, Semaphore } from "effect"
import { CircuitBreaker } from "effect/persistence"
import Opossum from "opossum"
import pRetry from "p-retry"
import { Backoff, Dependency, TransientFailure } from "../../src/resilience/index.ts"

/** What is guarded: an asynchronous operation that costs next to nothing. */
export const native = () => Promise.resolve(1)

export interface Contestant {
  readonly name: string
  readonly lacks: string
  /** So many calls that succeed, one at a time. */
  readonly succeed: (calls: number) => Promise<unknown>
  /** So many at once. */
  readonly together: (calls: number) => Promise<unknown>
  /** So many calls that an open circuit rejects; absent: there is no circuit. */
  readonly reject?: (calls: number) => Promise<unknown>
}

const attempts = 3
const failures = 5
const permits = 2000
const attemptMillis = 1000
const openMillis = 3_600_000

// ---- promises

const ofPromises = (
  name: string,
  lacks: string,
  call: () => Promise<unknown>,
  rejected?: () => Promise<unknown>
): Contestant => {
  const swallow = () => undefined
  return {
    name,
    lacks,
    succeed: async (calls) => {
      for (let n = 0; n < calls; n++) await call()
    },
    together: (calls) => Promise.all(Array.from({ length: calls }, call)),
    ...(rejected === undefined
      ? {}
      : {
          reject: async (calls: number) => {
            for (let n = 0; n < calls; n++) await rejected().catch(swallow)
          }
        })
  }
}

const refuse = () => Promise.reject(new Error("rejected"))

const cockatiel = (): Contestant => {
  const make = () => {
    const counted = Cockatiel.handleWhen((error) => !Cockatiel.isBrokenCircuitError(error))
    const breaker = Cockatiel.circuitBreaker(counted, {
      halfOpenAfter: openMillis,
      breaker: new Cockatiel.ConsecutiveBreaker(failures)
    })
    const policy = Cockatiel.wrap(
      Cockatiel.retry(counted, { maxAttempts: attempts - 1, backoff: new Cockatiel.ExponentialBackoff() }),
      breaker,
      Cockatiel.bulkhead(permits),
      Cockatiel.timeout(attemptMillis, Cockatiel.TimeoutStrategy.Aggressive)
    )
    return { breaker, policy }
  }
  const closed = make()
  const open = make()
  open.breaker.isolate()
  return ofPromises(
    "cockatiel 4",
    "budget, deadline, Retry-After",
    () => closed.policy.execute(native),
    () => open.policy.execute(native)
  )
}

const opossum = (): Contestant => {
  const options = { timeout: attemptMillis, errorThresholdPercentage: 50, resetTimeout: openMillis, capacity: permits }
  const closed = new Opossum(native, options)
  const open = new Opossum(native, options)
  open.open()
  return ofPromises(
    "opossum 10",
    "retry, budget, deadline, Retry-After",
    () => closed.fire(),
    () => open.fire()
  )
}

const pretry = () =>
  ofPromises("p-retry 9", "circuit, bulkhead, timeout, budget, deadline", () =>
    pRetry(native, { retries: attempts - 1 })
  )

// ---- effects

const ofEffects = (
  name: string,
  lacks: string,
  call: Effect.Effect<unknown, unknown>,
  rejected: Effect.Effect<unknown, unknown>
): Contestant => {
  const repeat = (effect: Effect.Effect<unknown, unknown>) => (calls: number) =>
    Effect.runPromise(
      Effect.gen(function* () {
        for (let n = 0; n < calls; n++) yield* effect
      })
    )
  return {
    name,
    lacks,
    succeed: repeat(call),
    together: (calls) =>
      Effect.runPromise(
        Effect.forEach(Array.from({ length: calls }), () => call, { concurrency: "unbounded", discard: true })
      ),
    reject: repeat(Effect.ignore(rejected))
  }
}

const op = Effect.promise(native)

const kit = Effect.gen(function* () {
  const policy = {
    deadline: "10 seconds",
    attemptTimeout: attemptMillis,
    attempts,
    backoff: Backoff.full({ base: "50 millis", cap: "1 second" }),
    concurrency: permits,
    breaker: { consecutive: failures, openFor: openMillis }
  } as const
  const closed = yield* Dependency.make("closed", policy)
  const open = yield* Dependency.make("open", { ...policy, breaker: { ...policy.breaker, consecutive: 1 } })
  const failure = new TransientFailure({ reason: "refused", sent: "no" })
  yield* Effect.exit(open.call(Effect.fail(failure), { kind: "read" }))
  return ofEffects("holdfast/resilience", "", closed.call(op, { kind: "read" }), open.call(op, { kind: "read" }))
})

/** The parts that Effect has, composed as its documentation shows. */
const composition = Effect.gen(function* () {
  const make = (threshold: number) =>
    CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(threshold), openDuration: openMillis })
  const guard = (breaker: CircuitBreaker.CircuitBreaker, call: Effect.Effect<unknown, unknown>, key: string) => {
    const bulkhead = Semaphore.makeUnsafe(permits)
    return Effect.timeout(bulkhead.withPermits(1)(call), attemptMillis).pipe(
      (attempt) => breaker.execute(attempt, { key }),
      Effect.retry({
        times: attempts - 1,
        schedule: Schedule.jittered(Schedule.exponential("50 millis")),
        while: (error) => !(error instanceof CircuitBreaker.CircuitBreakerError)
      }),
      Effect.timeout("10 seconds")
    )
  }
  const closed = guard(yield* make(failures), op, "closed")
  const breaker = yield* make(1)
  yield* Effect.exit(breaker.execute(Effect.fail("refused"), { key: "open" }))
  return ofEffects("Effect's parts, composed", "budget, Retry-After", closed, guard(breaker, op, "open"))
})

export const contestants: Effect.Effect<ReadonlyArray<Contestant>, never, Scope.Scope> = Effect.gen(function* () {
  return [
    ofPromises("a native operation", "everything", native, refuse),
    ofEffects("the same in a fiber", "everything", op, Effect.fail("rejected")),
    yield* kit,
    yield* composition,
    cockatiel(),
    opossum(),
    pretry()
  ]
}).pipe(Effect.provide(CircuitBreaker.layerStoreMemory()))
