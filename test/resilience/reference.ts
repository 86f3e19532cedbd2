/**
 * The kit's rules once more, made of plain Effect combinators: fork, race, sleep, Deferred, Schedule, arrays.
 *
 * Slow and naive on purpose: windows are lists that are filtered, the rate limit is a bucket of tokens, a call is a loop.
 * It differs from `Effect.timeout` where the kit does: a timeout answers at once, not after the loser's finalizers.
 */
import { Cause, Clock, Deferred, Duration, Effect, Exit, Fiber, Pull, Schedule } from "effect"
import {
  CurrentAttempt,
  DependencyUnavailable,
  type Policy,
  type Priority,
  type Rejection,
  type Sent,
  TransientFailure
} from "../../src/resilience/index.ts"

export interface ReferenceCall {
  readonly priority: Priority
  readonly attempts: number
}

interface Waiter {
  readonly priority: Priority
  readonly ends: number
  readonly place: Deferred.Deferred<Entry, Refused>
}
interface Entry {
  readonly at: number
  readonly generation: number
}
class Refused {
  readonly reason: Rejection
  readonly afterMs: number
  constructor(reason: Rejection, afterMs: number) {
    this.reason = reason
    this.afterMs = afterMs
  }
}

const ms = (input: Duration.Input) => Duration.toMillis(Duration.fromInputUnsafe(input))
const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

export const makeReference = (name: string, policy: Policy) => {
  const attemptMs = ms(policy.attemptTimeout)
  const floorMs = ms(policy.attemptFloor ?? 0)
  const { breaker, adaptive, rateLimit } = policy
  const probes = breaker.probes ?? 1
  const rampMs = ms(breaker.rampUp ?? 2000)
  const budget = {
    ratio: 0.2,
    reserve: 10,
    refillPerSecond: 0.1,
    window: "10 seconds" as Duration.Input,
    ...policy.budget
  }
  const slotOf = (at: number, window: Duration.Input) => Math.floor(at / (ms(window) / 10))

  const circuit = {
    state: "closed" as "closed" | "open" | "half_open" | "forced_open" | "disabled",
    generation: 0,
    streak: 0,
    openUntil: 0,
    probesOut: 0,
    probesPassed: 0,
    rampFrom: -Infinity,
    seen: [] as Array<{ readonly slot: number; readonly failed: boolean; readonly slow: boolean }>
  }
  let off = false
  let inFlight = 0
  let limit = adaptive?.initial ?? policy.concurrency
  let decreasedAt = -Infinity
  let pausedUntil = 0
  let earned: Array<{ readonly slot: number; readonly amount: number }> = []
  let reserve = budget.reserve
  let refilledAt = 0
  let permits = rateLimit?.burst ?? rateLimit?.permits ?? 0
  let permitsAt = 0
  let line: Array<Waiter> = []

  // ---- the circuit

  const become = (state: typeof circuit.state) => {
    Object.assign(circuit, {
      state,
      streak: 0,
      probesOut: 0,
      probesPassed: 0,
      seen: [],
      generation: circuit.generation + 1
    })
  }
  const open = (at: number, leastMs: number) => {
    become("open")
    circuit.openUntil = at + Math.max(ms(breaker.openFor), leastMs)
  }
  const circuitWait = (at: number) => {
    if (circuit.state === "forced_open") return 30_000
    if (circuit.state === "open") return Math.max(0, circuit.openUntil - at)
    const full = circuit.state === "half_open" && circuit.probesOut + circuit.probesPassed >= probes
    return full ? ms(breaker.openFor) : 0
  }
  const judge = (entry: Entry, at: number, verdict: "success" | "failure" | "nothing", leastMs: number) => {
    if (entry.generation !== circuit.generation || circuit.state === "disabled" || circuit.state === "forced_open")
      return
    const took = at - entry.at
    const slow = breaker.rate?.slow !== undefined && took > ms(breaker.rate.slow.over)
    if (circuit.state === "half_open") {
      circuit.probesOut--
      if (verdict === "nothing") return
      if (verdict === "failure" || slow) return open(at, leastMs)
      if (++circuit.probesPassed === probes) {
        become("closed")
        circuit.rampFrom = at
      }
      return
    }
    if (verdict === "nothing") return
    circuit.streak = verdict === "success" ? 0 : circuit.streak + 1
    let tripped = circuit.streak >= breaker.consecutive
    if (breaker.rate !== undefined) {
      const { window, minimumCalls, failures } = breaker.rate
      circuit.seen.push({ slot: slotOf(at, window), failed: verdict === "failure", slow })
      const recent = circuit.seen.filter((one) => one.slot > slotOf(at, window) - 10)
      const share = (wanted: (one: (typeof recent)[number]) => boolean) => recent.filter(wanted).length / recent.length
      if (recent.length >= minimumCalls) {
        tripped ||= share((one) => one.failed) >= failures
        if (breaker.rate.slow !== undefined) tripped ||= share((one) => one.slow) >= breaker.rate.slow.share
      }
    }
    if (tripped) open(at, leastMs)
  }

  // ---- the budget, the limits

  const reserveAt = (at: number) =>
    Math.min(budget.reserve, reserve + ((at - refilledAt) * budget.refillPerSecond) / 1000)
  const takeRetry = (at: number): boolean => {
    earned = earned.filter((one) => one.slot > slotOf(at, budget.window) - 10)
    const balance = earned.reduce((sum, one) => sum + one.amount, 0)
    if (balance >= 1 - 1e-9) {
      earned.push({ slot: slotOf(at, budget.window), amount: -1 })
      return true
    }
    reserve = reserveAt(at)
    refilledAt = at
    if (reserve < 1 - 1e-9) return false
    reserve -= 1
    return true
  }
  const rateInterval = rateLimit === undefined ? 0 : ms(rateLimit.per) / rateLimit.permits
  const ratePermitsAt = (at: number) =>
    Math.min(rateLimit?.burst ?? rateLimit?.permits ?? 0, permits + (at - permitsAt) / rateInterval)
  const hasRoom = (at: number, priority: Priority) => {
    const ramp = at >= circuit.rampFrom + rampMs ? 1 : at < circuit.rampFrom + rampMs / 2 ? 0.25 : 0.5
    return inFlight < Math.max(1, Math.floor(limit * ramp * (priority === "sheddable" ? 0.8 : 1)))
  }

  const refusal = (at: number, ends: number, priority: Priority, queued: boolean): Refused | undefined => {
    if (off) return new Refused("DependencyDisabled", 30_000)
    if (ends - at <= floorMs) return new Refused("DeadlineExceeded", Math.max(pausedUntil - at, circuitWait(at)))
    if (at < pausedUntil) return new Refused("RateLimited", pausedUntil - at)
    if (circuitWait(at) > 0) return new Refused("CircuitOpen", circuitWait(at))
    if (!queued) drain(at)
    if ((!queued && line.length > 0) || !hasRoom(at, priority)) return new Refused("BulkheadFull", attemptMs)
    if (rateLimit !== undefined && ratePermitsAt(at) < 1 - 1e-9) {
      return new Refused("RateLimited", (1 - ratePermitsAt(at)) * rateInterval)
    }
    return undefined
  }
  const enter = (at: number): Entry => {
    inFlight++
    if (rateLimit !== undefined) {
      permits = ratePermitsAt(at) - 1
      permitsAt = at
    }
    if (circuit.state === "open") become("half_open")
    if (circuit.state === "half_open") circuit.probesOut++
    return { at, generation: circuit.generation }
  }
  const drain = (at: number) => {
    while (line.length > 0 && hasRoom(at, "default")) {
      const next = line.find((one) => one.priority === "critical") ?? line[0]!
      line = line.filter((one) => one !== next)
      const refused = refusal(at, next.ends, next.priority, true)
      Deferred.doneUnsafe(next.place, refused === undefined ? Effect.succeed(enter(at)) : Effect.fail(refused))
    }
  }
  const join = (waiter: Waiter): boolean => {
    const size = policy.queue?.size ?? 0
    if (waiter.priority === "sheddable") return false
    if (line.length >= size) {
      const last = waiter.priority === "critical" ? line.findLast((one) => one.priority === "default") : undefined
      if (last === undefined) return false
      line = line.filter((one) => one !== last)
      Deferred.doneUnsafe(last.place, Effect.fail(new Refused("BulkheadFull", attemptMs)))
    }
    line.push(waiter)
    return true
  }

  // ---- one attempt

  const told = (failure: TransientFailure) =>
    failure.retryAfter === undefined
      ? 0
      : Math.min(ms(policy.retryAfterCap ?? "60 seconds"), Duration.toMillis(failure.retryAfter))
  const settle = (entry: Entry, at: number, verdict: "success" | "failure" | "nothing", failure?: TransientFailure) => {
    if (verdict === "success") {
      earned.push({ slot: slotOf(at, budget.window), amount: budget.ratio })
      const grows = adaptive !== undefined && inFlight >= limit / 2
      if (grows) limit = Math.min(policy.concurrency, limit + 1 / limit)
    }
    if (failure === undefined) return judge(entry, at, verdict, 0)
    if (told(failure) > 0) pausedUntil = Math.max(pausedUntil, at + told(failure))
    const dropped = told(failure) > 0 || failure.throttled || failure.reason === "attempt_timeout"
    if (adaptive !== undefined && dropped && entry.at >= decreasedAt && limit > adaptive.minimum) {
      limit = Math.max(adaptive.minimum, limit * 0.9)
      decreasedAt = at
    }
    judge(entry, at, failure.throttled ? "nothing" : "failure", told(failure))
  }

  const attempt = <A, E>(effect: Effect.Effect<A, E>, entry: Entry, number: number, ends: number) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        let over = false
        const ended = (exit: Exit.Exit<A, E>) =>
          Effect.map(now, (at) => {
            if (!over) settle(entry, at, verdictOf(exit), transientOf(exit))
            inFlight--
            drain(at)
          })
        const deadlineNanos = BigInt(Math.round(ends * 1e6))
        const child = yield* effect.pipe(
          Effect.provideService(CurrentAttempt, { number, deadlineNanos }),
          Effect.onExit(ended),
          Effect.forkDetach({ startImmediately: true })
        )
        const timeout = Effect.sleep(Math.min(attemptMs, ends - entry.at))
        const first = yield* restore(Effect.raceFirst(Fiber.await(child), Effect.as(timeout, "timeout" as const))).pipe(
          Effect.onInterrupt(() =>
            Effect.flatMap(now, (at) => {
              over = true
              settle(entry, at, "nothing")
              return Fiber.interrupt(child)
            })
          )
        )
        if (first !== "timeout") return yield* first
        over = true
        const timedOut = new TransientFailure({ reason: "attempt_timeout", sent: "maybe" })
        settle(entry, yield* now, "failure", timedOut)
        yield* Effect.forkDetach(Fiber.interrupt(child), { startImmediately: true })
        return yield* Effect.fail(timedOut)
      })
    )

  // ---- the call

  const admit = Effect.fnUntraced(function* (ends: number, priority: Priority) {
    const at = yield* now
    const refused = refusal(at, ends, priority, false)
    if (refused === undefined) return enter(at)
    const place = yield* Deferred.make<Entry, Refused>()
    const waiter: Waiter = { priority, ends, place }
    const until = Math.min(at + ms(policy.queue?.wait ?? 0), ends - floorMs)
    if (refused.reason !== "BulkheadFull" || until <= at || !join(waiter)) return yield* Effect.fail(refused)
    const leave = Effect.sync(() => {
      line = line.filter((one) => one !== waiter)
    })
    return yield* Effect.raceFirst(
      Deferred.await(place),
      Effect.andThen(Effect.sleep(until - at), Effect.fail(new Refused("BulkheadFull", attemptMs)))
    ).pipe(Effect.ensuring(leave))
  })

  const call = Effect.fnUntraced(function* <A, E>(
    effect: Effect.Effect<A, E | TransientFailure>,
    options: ReferenceCall
  ) {
    const ends = (yield* now) + ms(policy.deadline)
    const step = yield* Schedule.toStep(policy.backoff)
    let sent: Sent = "no"
    let last: TransientFailure | undefined
    let made = 0
    const giveUp = (refused: Refused) =>
      Effect.fail(
        new DependencyUnavailable(
          name,
          refused.reason,
          sent,
          made,
          Duration.millis(Math.max(1, Math.ceil(refused.afterMs - 0.001))),
          last
        )
      )
    while (true) {
      const place = yield* Effect.exit(admit(ends, options.priority))
      if (Exit.isFailure(place)) {
        const refused = place.cause.reasons.find(Cause.isFailReason)?.error
        if (refused === undefined) return yield* Effect.failCause(place.cause as Cause.Cause<never>)
        return yield* giveUp(refused)
      }
      made++
      const exit = yield* Effect.exit(attempt(effect, place.value, made, ends))
      const failure = transientOf(exit)
      if (failure === undefined) return yield* exit as Exit.Exit<A, E>
      if (failure.sent === "maybe") sent = "maybe"
      if (last === undefined || failure.reason !== "attempt_timeout") last = failure

      const at = yield* now
      const hint = Math.max(told(failure), pausedUntil - at, circuitWait(at)) || 1000
      if (made >= options.attempts) return yield* giveUp(new Refused("Exhausted", hint))
      const delay = yield* Pull.matchEffect(step(at, failure), {
        onSuccess: ([, delay]) => Effect.succeed<number | undefined>(Math.ceil(Duration.toMillis(delay))),
        onFailure: Effect.failCause,
        onDone: () => Effect.undefined
      })
      if (delay === undefined) return yield* giveUp(new Refused("Exhausted", hint))
      const wait = Math.max(delay, told(failure), pausedUntil - at)
      if (at + wait + floorMs >= ends) return yield* giveUp(new Refused("DeadlineExceeded", wait))
      const staysOpen = circuit.state === "forced_open" || (circuit.state === "open" && circuit.openUntil > at + wait)
      if (staysOpen) return yield* giveUp(new Refused("CircuitOpen", circuitWait(at)))
      if (!takeRetry(at)) return yield* giveUp(new Refused("RetryBudgetExhausted", Math.max(wait, 1000)))
      yield* Effect.sleep(wait)
    }
  })

  /** An operator's word, as `Dependency` has it. */
  const orders = { forceOpen: false, disable: false }
  const operator = (order: "forceOpen" | "disable" | "reset" | "off" | "on") =>
    Effect.map(now, (at) => {
      if (order === "off" || order === "on") {
        off = order === "off"
      } else if (order === "reset") {
        orders.forceOpen = false
        orders.disable = false
        become("closed")
        circuit.rampFrom = -Infinity
        pausedUntil = 0
      } else {
        orders[order] = true
        const target = orders.forceOpen ? "forced_open" : "disabled"
        if (circuit.state !== target) become(target)
        circuit.openUntil = at
      }
    })

  return { call, operator, state: () => circuit.state, inFlight: () => inFlight, limit: () => Math.floor(limit) }
}

const failureOf = (exit: Exit.Exit<unknown, unknown>): Cause.Fail<unknown> | undefined =>
  Exit.isSuccess(exit) ? undefined : exit.cause.reasons.find(Cause.isFailReason)

const transientOf = (exit: Exit.Exit<unknown, unknown>): TransientFailure | undefined => {
  const failure = failureOf(exit)?.error
  return failure instanceof TransientFailure ? failure : undefined
}

const verdictOf = (exit: Exit.Exit<unknown, unknown>): "success" | "failure" | "nothing" => {
  if (Exit.isSuccess(exit)) return "success"
  if (transientOf(exit) !== undefined) return "failure"
  return failureOf(exit) === undefined ? "nothing" : "success"
}
