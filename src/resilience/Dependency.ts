/**
 * One declaration per dependency, one `call`.
 *
 * Outside in: fallback or last good value > kill switch > deadline > retry, drawing on a budget > circuit breaker, per
 * attempt > bulkhead > attempt timeout > the call. A permit stays out until its attempt has ended, also an abandoned one.
 */
import {
  type Cause,
  Clock,
  Context,
  Duration,
  Effect,
  type Exit,
  Fiber,
  Pull,
  Schedule,
  Scheduler,
  type Scope
} from "effect"
import { CurrentAttempt } from "./CurrentAttempt.ts"
import { DependencyUnavailable, type Rejection, type Sent, TransientFailure } from "./errors.ts"
import { type IdempotencyKey, WriteKey } from "./keys.ts"
import type { Call, CallOptions } from "./options.ts"
import type { Policy } from "./Policy.ts"
import type { Fallback, Fresh, Stale } from "./served.ts"

export interface Dependency {
  readonly name: string
  readonly call: Call
  readonly snapshot: () => DependencySnapshot
  /** The one order of the strategies, outside in. */
  readonly describe: () => string
}

export interface DependencySnapshot {
  readonly name: string
  readonly state: "closed" | "open" | "half_open"
  readonly inFlight: number
  readonly abandoned: number
  readonly tokens: number
  readonly timers: number
}

const ms = (d: Duration.Input) => Duration.toMillis(Duration.fromInputUnsafe(d))
const nowMs = (clock: Clock.Clock) => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

interface Entry {
  at: number
  prev: Entry | undefined
  next: Entry | undefined
  readonly onTimeout: () => void
}

/** Attempts in flight by deadline, sorted (timeouts differ: the total deadline caps the last ones). One sleeper for all. */
class Deadlines {
  head: Entry | undefined
  tail: Entry | undefined
  size = 0
  sleeper: Fiber.Fiber<void> | undefined
  wakesAt = Infinity
  readonly clock: Clock.Clock
  readonly run: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  constructor(clock: Clock.Clock, scheduler: Scheduler.Scheduler) {
    this.clock = clock
    this.run = Effect.runForkWith(Context.make(Clock.Clock, clock).pipe(Context.add(Scheduler.Scheduler, scheduler)))
  }
  add(e: Entry, at: number) {
    e.at = at
    let after = this.tail
    while (after !== undefined && after.at > at) after = after.prev
    e.prev = after
    e.next = after === undefined ? this.head : after.next
    if (e.next !== undefined) e.next.prev = e
    else this.tail = e
    if (after !== undefined) after.next = e
    else this.head = e
    this.size++
    if (at < this.wakesAt) this.arm()
  }
  remove(e: Entry) {
    if (e.at === 0) return
    e.at = 0
    this.size--
    if (e.prev !== undefined) e.prev.next = e.next
    else this.head = e.next
    if (e.next !== undefined) e.next.prev = e.prev
    else this.tail = e.prev
    e.prev = e.next = undefined
  }
  arm() {
    this.sleeper?.interruptUnsafe()
    this.sleeper = undefined
    this.wakesAt = Infinity
    if (this.head === undefined) return
    this.wakesAt = this.head.at
    this.sleeper = this.run(
      Effect.andThen(
        this.clock.sleep(Duration.millis(Math.max(0.001, this.head.at - nowMs(this.clock)))),
        Effect.sync(() => this.fire())
      )
    )
  }
  fire() {
    this.sleeper = undefined
    this.wakesAt = Infinity
    const now = nowMs(this.clock) + 0.5
    while (this.head !== undefined && this.head.at <= now) {
      const e = this.head
      this.remove(e)
      e.onTimeout()
    }
    if (this.sleeper === undefined) this.arm()
  }
  stop() {
    this.sleeper?.interruptUnsafe()
    this.sleeper = undefined
  }
}

const attemptTimedOut = new TransientFailure({ reason: "attempt_timeout", sent: "maybe" })

const make = (name: string, policy: Policy): Effect.Effect<Dependency, never, Scope.Scope> =>
  Effect.gen(function* () {
    const attemptMs = ms(policy.attemptTimeout)
    const deadlineMs = ms(policy.deadline)
    const floorMs = ms(policy.attemptFloor ?? 0)
    const capMs = ms(policy.retryAfterCap ?? "60 seconds")
    const openMs = ms(policy.breaker.openFor)
    const probesMax = policy.breaker.probes ?? 1
    const ratio = policy.budget?.ratio ?? 0.2
    const reserve = policy.budget?.reserve ?? 10

    let state: "closed" | "open" | "half_open" = "closed"
    let streak = 0
    let openUntil = 0
    let pausedUntil = 0
    let generation = 0
    let probes = 0
    let inFlight = 0
    let tokens = reserve
    const abandoned = new Set<Fiber.Fiber<unknown, unknown>>()
    const lists = new Map<Clock.Clock, Deadlines>()
    const lastGood = new Map<string, { readonly value: unknown; readonly at: number }>()
    const staleMs = ms(policy.staleFor ?? Infinity)

    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        for (const list of lists.values()) list.stop()
        return Fiber.interruptAll(abandoned)
      })
    )

    const deadlinesOf = (fiber: Fiber.Fiber<unknown, unknown>, clock: Clock.Clock) => {
      let list = lists.get(clock)
      if (list === undefined) lists.set(clock, (list = new Deadlines(clock, fiber.getRef(Scheduler.Scheduler))))
      return list
    }
    const trip = (now: number, atLeast: number) => {
      state = "open"
      openUntil = now + Math.max(openMs, atLeast)
      generation++
      streak = 0
      probes = 0
    }
    /** Only a TransientFailure (or the kit's own timeout) is a failure; a domain answer is a success of the dependency. */
    const settle = (now: number, born: number, probe: boolean, outcome: "ok" | TransientFailure | "ignored") => {
      inFlight--
      if (typeof outcome === "object") {
        const pause = outcome.retryAfter === undefined ? 0 : Math.min(capMs, Duration.toMillis(outcome.retryAfter))
        if (pause > 0) pausedUntil = Math.max(pausedUntil, now + pause)
        if (born !== generation) return
        if (probe) return trip(now, pause)
        if (outcome.sent === "no" && pause > 0) return // told to wait: paused, not broken
        if (++streak >= policy.breaker.consecutive) trip(now, pause)
        return
      }
      if (outcome === "ok") tokens = Math.min(reserve + 1000 * ratio, tokens + ratio)
      if (born !== generation) return
      if (probe) {
        probes--
        if (outcome === "ok") {
          state = "closed"
          generation++
          probes = 0
        }
      }
      if (outcome === "ok") streak = 0
    }

    const rejected = (
      reason: Rejection,
      afterMs: number,
      sent: Sent,
      attempts: number,
      last: TransientFailure | undefined
    ) => new DependencyUnavailable(name, reason, sent, attempts, Duration.millis(Math.max(1, afterMs)), last)

    /** Admission: reads only (but for Open -> HalfOpen), so it may be asked twice; acquiring is the attempt's. */
    const refuse = (now: number, ends: number, number: number, sent: Sent, last: TransientFailure | undefined) => {
      const no = (reason: Rejection, afterMs: number) => rejected(reason, afterMs, sent, number - 1, last)
      if (ends - now <= floorMs) return no("DeadlineExceeded", Math.max(pausedUntil, openUntil) - now)
      if (now < pausedUntil) return no("RateLimited", pausedUntil - now)
      if (state === "open" && now >= openUntil) {
        state = "half_open"
        generation++
        probes = 0
      }
      if (state === "open" || (state === "half_open" && probes >= probesMax)) return no("CircuitOpen", openUntil - now)
      if (inFlight >= policy.concurrency) return no("BulkheadFull", attemptMs)
      return undefined
    }

    /**
     * One attempt, in one primitive. Admission, the fork, the deadline and the observer happen inside `register`, where the
     * fiber cannot yield: nothing can be acquired without its release being in place. The release hangs on the CHILD's exit.
     */
    const attempt = <A, E, R>(
      effect: Effect.Effect<A, E, R>,
      ends: number,
      number: number,
      sent: Sent,
      last: TransientFailure | undefined,
      key: IdempotencyKey | undefined
    ): Effect.Effect<A, E | TransientFailure | DependencyUnavailable, R> =>
      Effect.withFiber((caller) =>
        Effect.callback<A, E | TransientFailure | DependencyUnavailable, R>((resume) => {
          const clock = caller.getRef(Clock.Clock)
          const now = nowMs(clock)
          const refusal = refuse(now, ends, number, sent, last)
          if (refusal !== undefined) return resume(Effect.fail(refusal))
          const probe = state === "half_open"
          if (probe) probes++
          inFlight++
          const born = generation
          let context = Context.add(caller.context, CurrentAttempt, {
            number,
            deadlineNanos: BigInt(Math.round(ends * 1e6))
          })
          if (key !== undefined) context = Context.add(context, WriteKey, key)
          let over = false
          const child = Effect.runForkWith(context as Context.Context<R>)(effect)
          const done = (exit: Exit.Exit<A, E>) => {
            const at = nowMs(clock)
            if (over) return // the timeout already told the breaker; only the permit was still out
            over = true
            settle(at, born, probe, outcomeOf(exit))
          }
          const early = child.pollUnsafe()
          if (early !== undefined) {
            done(early)
            return resume(early)
          }
          const list = deadlinesOf(caller, clock)
          const entry: Entry = {
            at: 0,
            prev: undefined,
            next: undefined,
            onTimeout() {
              if (over) return
              over = true
              abandoned.add(child)
              inFlight++ // settle gives one back; the permit itself stays out until the child has really ended
              settle(nowMs(clock), born, probe, attemptTimedOut)
              child.addObserver(() => {
                abandoned.delete(child)
                inFlight--
              })
              child.interruptUnsafe(caller.id)
              resume(Effect.fail(attemptTimedOut))
            }
          }
          list.add(entry, Math.min(now + attemptMs, ends))
          child.addObserver((exit) => {
            list.remove(entry)
            const first = !over
            done(exit)
            if (first) resume(exit)
          })
          return Effect.suspend(() => {
            list.remove(entry)
            return over ? Effect.void : Fiber.interrupt(child)
          })
        })
      )

    const call = <A, E, R>(
      effect: Effect.Effect<A, E, R>,
      options: CallOptions
    ): Effect.Effect<unknown, unknown, R> => {
      const most = options.kind === "write-once" ? 1 : (options.attempts ?? policy.attempts)
      const key = options.kind === "write" ? options.idempotencyKey : undefined
      const core = Effect.withFiber((fiber) => {
        const clock = fiber.getRef(Clock.Clock)
        const outer = fiber.getRef(CurrentAttempt)
        const now = nowMs(clock)
        const own = now + deadlineMs
        const ends = outer === undefined ? own : Math.min(own, Number(outer.deadlineNanos) / 1e6)
        const refusal = refuse(now, ends, 1, "no", undefined)
        if (refusal !== undefined) return Effect.fail(refusal)
        const first = attempt(effect, ends, 1, "no", undefined, key)
        return Effect.catchIf(first as Effect.Effect<A, unknown, R>, isTransient, (failure) =>
          again(effect, ends, failure, most, key, clock)
        )
      })
      const { fallback, staleKey } = options
      if (fallback === undefined && staleKey === undefined) return core
      // a kill switch rejects INSIDE, so that it too ends in the last good value or the fallback
      return Effect.matchEffect(core, {
        onSuccess: (value) =>
          Effect.withFiber((fiber) => {
            if (staleKey !== undefined) lastGood.set(staleKey, { value, at: nowMs(fiber.getRef(Clock.Clock)) })
            return Effect.succeed<Fresh<A>>({ _tag: "Fresh", value })
          }),
        onFailure: (error) =>
          Effect.withFiber((fiber): Effect.Effect<Stale<A> | Fallback<unknown>, unknown> => {
            if (!(error instanceof DependencyUnavailable) || error.dependency !== name) return Effect.fail(error)
            const kept = staleKey === undefined ? undefined : lastGood.get(staleKey)
            const age = kept === undefined ? Infinity : nowMs(fiber.getRef(Clock.Clock)) - kept.at
            if (kept !== undefined && age <= staleMs) {
              return Effect.succeed({
                _tag: "Stale",
                value: kept.value as A,
                age: Duration.millis(age),
                because: error
              })
            }
            return fallback === undefined
              ? Effect.fail(error)
              : Effect.succeed({ _tag: "Fallback", value: fallback(error), because: error })
          })
      })
    }

    /** Entered only after a first failure: here a Schedule may cost what it costs. */
    const again = <A, E, R>(
      effect: Effect.Effect<A, E, R>,
      ends: number,
      first: TransientFailure,
      most: number,
      key: IdempotencyKey | undefined,
      clock: Clock.Clock
    ): Effect.Effect<A, unknown, R> =>
      Effect.flatMap(Schedule.toStep(policy.backoff), (step) => {
        const loop = (failure: TransientFailure, sent: Sent, made: number): Effect.Effect<A, unknown, R> => {
          const stop = (reason: Rejection, afterMs: number) =>
            Effect.fail(rejected(reason, afterMs, sent, made, failure))
          const now = nowMs(clock)
          const told = failure.retryAfter === undefined ? 0 : Math.min(capMs, Duration.toMillis(failure.retryAfter))
          if (made >= most) return stop("Exhausted", told || 1000)
          return Pull.matchEffect(step(clock.currentTimeMillisUnsafe(), failure), {
            onDone: () => stop("Exhausted", told || 1000),
            onFailure: (cause) => Effect.failCause(cause as Cause.Cause<never>),
            onSuccess: ([, delay]) => {
              const wait = Math.max(Duration.toMillis(delay), pausedUntil - now, told)
              if (now + wait + floorMs >= ends) return stop("DeadlineExceeded", wait)
              if (state === "open" && openUntil >= ends) return stop("CircuitOpen", openUntil - now)
              if (tokens < 1) return stop("RetryBudgetExhausted", wait)
              tokens -= 1
              return Effect.andThen(
                clock.sleep(Duration.millis(wait)),
                Effect.catchIf(
                  attempt(effect, ends, made + 1, sent, failure, key) as Effect.Effect<A, unknown, R>,
                  isTransient,
                  (next) => loop(next, sent === "maybe" ? "maybe" : next.sent, made + 1)
                )
              )
            }
          })
        }
        return loop(first, first.sent, 1)
      })

    return {
      name,
      call: call as Dependency["call"],
      snapshot: () => {
        let timers = 0
        for (const l of lists.values()) timers += l.size
        return { name, state, inFlight, abandoned: abandoned.size, tokens, timers }
      },
      describe: () => order.join(" > ")
    }
  })

const isTransient = (e: unknown): e is TransientFailure => e instanceof TransientFailure

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): "ok" | TransientFailure | "ignored" => {
  if (exit._tag === "Success") return "ok"
  for (const reason of exit.cause.reasons) {
    if (reason._tag === "Fail") return reason.error instanceof TransientFailure ? reason.error : "ok" // a domain answer
  }
  return "ignored" // interrupts and defects say nothing about the dependency
}

const order = [
  "fallback or last good value",
  "kill switch",
  "deadline",
  "retry within the budget",
  "circuit breaker",
  "bulkhead",
  "attempt timeout",
  "the call"
]

export const Dependency = { make }
