/**
 * The state of one dependency, and the two moments that change it: an attempt enters, an attempt ends.
 *
 * Nothing here waits and nothing here is an effect. `refusal` only reads, so it may be asked as often as a caller wakes up;
 * `enter` takes everything at once, in the same turn, so nothing can be taken without its return being in place.
 */
import { type Clock, type Context, Duration, type Fiber, type Scheduler } from "effect"
import type { Chaos, ChaosKind } from "./Chaos.ts"
import { Circuit, type Verdict } from "./Circuit.ts"
import { Counters } from "./Counters.ts"
import type { Rejection, TransientFailure } from "./errors.ts"
import { chaosEvent, type TransitionCause } from "./events.ts"
import type { Journal } from "./Journal.ts"
import { indefiniteRetryAfterMs } from "./KillSwitches.ts"
import { LastGood } from "./LastGood.ts"
import { Limit } from "./Limit.ts"
import type { Priority } from "./options.ts"
import { isInForce, type Override } from "./overrides.ts"
import { Percentile } from "./Percentile.ts"
import { RateLimit } from "./RateLimit.ts"
import { RetryBudget } from "./RetryBudget.ts"
import type { Settings } from "./settings.ts"
import { Timers } from "./Timers.ts"
import { type Waiter, WaitingLine } from "./WaitingLine.ts"

/** A call in the line. */
export interface Waiting extends Waiter {
  readonly admitted: (now: number) => void
}

/** One sleeper for the timeouts of attempts, which are alike, and one for everything else. */
interface ClockTimers {
  readonly attempts: Timers
  readonly waits: Timers
}

export class Machine {
  readonly name: string
  readonly journal: Journal
  readonly chaos: Chaos["Service"] | undefined
  readonly counters = new Counters()
  readonly circuit: Circuit
  readonly limit: Limit
  readonly budget: RetryBudget
  readonly line = new WaitingLine<Waiting>()
  readonly lastGood = new LastGood()
  readonly latencies = new Percentile()
  /** Attempts that nobody waits for any more and that have not ended. */
  readonly abandoned = new Set<Fiber.Fiber<unknown, unknown>>()
  private rateLimit: RateLimit | undefined
  private overrides: ReadonlyArray<Override> = []
  private wasOff = false
  private readonly timersByClock = new Map<Clock.Clock, ClockTimers>()
  private pausedUntil = 0
  private draining = false
  settings: Settings
  /** After a refusal: the milliseconds after which asking again makes sense. */
  hintMs = 0
  lastErrorType: string | undefined

  constructor(name: string, settings: Settings, now: number, journal: Journal, chaos: Chaos["Service"] | undefined) {
    this.name = name
    this.settings = settings
    this.journal = journal
    this.chaos = chaos
    this.circuit = new Circuit(now, settings.breaker)
    this.limit = new Limit(settings.limit)
    this.budget = new RetryBudget(settings.budget)
    this.rateLimit = settings.rateLimit && new RateLimit(settings.rateLimit)
  }

  /** Why an attempt that has until `ends` may not start now. `queued`: it comes from the head of the line. */
  refusal(now: number, ends: number, priority: Priority, queued: boolean, call: Caller): Rejection | undefined {
    if (this.overrides.length > 0 && this.isOff(now, call)) return "DependencyDisabled"
    if (ends - now <= this.settings.floorMs) {
      this.hintMs = Math.max(this.pausedUntil - now, this.circuit.waitMs(now))
      return "DeadlineExceeded"
    }
    this.hintMs = this.pausedUntil - now
    if (this.hintMs > 0) return "RateLimited"
    this.hintMs = this.circuit.waitMs(now)
    if (this.hintMs > 0) return "CircuitOpen"
    if (!queued && this.line.size > 0) this.drain(now)
    if ((!queued && this.line.size > 0) || !this.limit.hasRoom(this.circuit.limitShare(now), priority)) {
      this.hintMs = this.settings.attemptMs
      return "BulkheadFull"
    }
    if (this.rateLimit !== undefined) {
      this.hintMs = this.rateLimit.waitMs(now)
      if (this.hintMs > 0) return "RateLimited"
    }
    return undefined
  }

  /** An attempt starts; gives the circuit's generation, to be handed back at its end. */
  enter(now: number, call: Caller): number {
    this.limit.inFlight++
    this.counters.attempts++
    this.rateLimit?.take(now)
    if (this.circuit.enter(now)) this.announce("open", "calls", undefined, call.context)
    return this.circuit.generation
  }

  /** What an attempt's end says. The permit is apart: `leave`. */
  settle(now: number, attempt: Settled, verdict: Verdict, failure: TransientFailure | undefined, call: Caller): void {
    let openAtLeastMs = 0
    let said = verdict
    if (verdict === "success") {
      this.budget.deposit(now)
      this.limit.succeeded()
      if (this.settings.hedge !== undefined) this.latencies.add(now - attempt.startedAt)
    } else if (failure !== undefined) {
      this.counters.failures++
      this.lastErrorType = failure.reason
      openAtLeastMs = this.pause(now, attempt.startedAt, failure)
      if (failure.throttled) said = "nothing" // told to wait: paused, not broken
    }
    const before = this.circuit.state
    if (this.circuit.settle(now, attempt.born, said, now - attempt.startedAt, openAtLeastMs)) {
      this.announce(before, "calls", failure?.reason, call.context)
    }
  }

  /** `Retry-After` holds for everybody, not just for the caller that was told. */
  private pause(now: number, startedAt: number, failure: TransientFailure): number {
    const told = this.toldMs(failure)
    if (told > 0) this.pausedUntil = Math.max(this.pausedUntil, now + told)
    if (failure.throttled) {
      this.counters.throttled++
      this.counters.throttledSeconds += told / 1000
    }
    if (told > 0 || failure.throttled || failure.reason === attemptTimeout) this.limit.dropped(now, startedAt)
    return told
  }

  /** What the failure asked for, at most the policy's cap. */
  toldMs(failure: TransientFailure): number {
    if (failure.retryAfter === undefined) return 0
    return Math.min(this.settings.retryAfterCapMs, Math.max(0, Math.ceil(Duration.toMillis(failure.retryAfter))))
  }

  pausedMs(now: number): number {
    return Math.max(0, this.pausedUntil - now)
  }

  /** Chaos had its hand in an attempt. */
  disturbed(kind: ChaosKind): void {
    this.counters.chaos++
    this.journal.publish({ event: chaosEvent[kind] })
  }

  /** An attempt has ended: its permit is back. */
  leave(now: number): void {
    this.limit.inFlight--
    if (this.line.size > 0) this.drain(now)
  }

  /** Lets waiting calls in while there is room. A call that ends at once does not nest the next one. */
  private drain(now: number): void {
    if (this.draining) return
    this.draining = true
    while (this.line.size > 0 && this.limit.hasRoom(this.circuit.limitShare(now), "default")) {
      this.line.next()?.admitted(now)
    }
    this.draining = false
  }

  /** Asked only while there are orders. */
  private isOff(now: number, call: Caller): boolean {
    const wall = call.clock.currentTimeMillisUnsafe()
    this.expire(now, wall, call.context)
    const off = this.overrides.find((override) => override.kind === "off")
    if (off === undefined) return false
    this.hintMs = off.until === undefined ? indefiniteRetryAfterMs : off.until - wall
    return true
  }

  /** Ends the orders whose time has come: nobody has to be told, so whoever looks at them says so first. */
  expire(now: number, wallMillis: number, context: Context.Context<never>): void {
    if (this.overrides.every((override) => isInForce(override, wallMillis))) return
    this.rule(
      now,
      this.overrides.filter((override) => isInForce(override, wallMillis)),
      context
    )
  }

  /** The operators' orders, all that stand. */
  rule(now: number, overrides: ReadonlyArray<Override>, context: Context.Context<never>): void {
    this.overrides = overrides
    const kinds = new Set(overrides.map((override) => override.kind))
    if (kinds.has("off") !== this.wasOff) {
      this.wasOff = kinds.has("off")
      this.journal.switched(this.wasOff, context)
    }
    const order = kinds.has("forced_open") ? "forced_open" : kinds.has("disabled") ? "disabled" : undefined
    const before = this.circuit.state
    if (this.circuit.rule(now, order)) this.announce(before, "operator", undefined, context)
  }

  get orders(): ReadonlyArray<Override> {
    return this.overrides
  }

  reset(now: number, context: Context.Context<never>): void {
    const before = this.circuit.state
    this.pausedUntil = 0
    if (this.circuit.reset(now)) this.announce(before, "operator", undefined, context)
  }

  /** What another node found out. */
  hear(now: number, openMs: number, context: Context.Context<never>): void {
    if (this.circuit.hear(now, openMs)) this.announce("closed", "elsewhere", undefined, context)
  }

  private announce(
    from: Circuit["state"],
    cause: TransitionCause,
    errorType: string | undefined,
    context: Context.Context<never>
  ): void {
    this.counters.transitions[this.circuit.state]++
    this.journal.circuit(from, this.circuit.state, cause, errorType, context)
  }

  timers(call: { readonly clock: Clock.Clock; readonly scheduler: Scheduler.Scheduler }): ClockTimers {
    let timers = this.timersByClock.get(call.clock)
    if (timers === undefined) {
      timers = { attempts: new Timers(call.clock, call.scheduler), waits: new Timers(call.clock, call.scheduler) }
      this.timersByClock.set(call.clock, timers)
    }
    return timers
  }

  get allTimers(): ReadonlyArray<Timers> {
    return [...this.timersByClock.values()].flatMap(({ attempts, waits }) => [attempts, waits])
  }

  /** New numbers; state, counts, in-flight attempts and what they hold stay. */
  reconfigure(now: number, settings: Settings): void {
    this.circuit.reconfigure(now, settings.breaker)
    this.limit.reconfigure(settings.limit)
    this.budget.reconfigure(now, settings.budget)
    if (settings.rateLimit === undefined) this.rateLimit = undefined
    else if (this.rateLimit === undefined) this.rateLimit = new RateLimit(settings.rateLimit)
    else this.rateLimit.reconfigure(now, settings.rateLimit)
    this.settings = settings
    this.drain(now)
  }
}

/** The `reason` of the kit's own timeout. */
export const attemptTimeout = "attempt_timeout"

/** Who is calling. */
export interface Caller {
  readonly clock: Clock.Clock
  readonly scheduler: Scheduler.Scheduler
  readonly context: Context.Context<never>
}

/** What the machine has to know about an attempt that ended. */
export interface Settled {
  readonly startedAt: number
  readonly born: number
}
