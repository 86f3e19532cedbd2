/**
 * A call under way: the fused path. One register of one `Effect.callback` holds it from its start to its end.
 *
 * Its attempts, its sleeps and its place in the line all hang on this object, and the callback's cancel takes them all back:
 * between two primitives of the caller's fiber nothing is held that an interrupt could lose. It ends exactly once.
 * Before the first failure there is no Schedule, no Scope, and no fiber but the attempt's.
 */
import { Clock, type Context, Duration, Effect, type Exit, type Fiber, Pull, Schedule, Scheduler } from "effect"
import { Attempt, type AttemptOwner } from "./Attempt.ts"
import type { Outcome } from "./Counters.ts"
import { CurrentAttempt } from "./CurrentAttempt.ts"
import { DependencyUnavailable, type Rejection, type Sent, type TransientFailure } from "./errors.ts"
import { attemptTimeout, type Machine, type Waiting } from "./Machine.ts"
import type { CallOptions, Priority } from "./options.ts"
import { monotonicMillis, Timer } from "./Timers.ts"

/** When nothing better is known. */
const hintMs = 1000
/** Whole milliseconds are promised; less than this above one is arithmetic, not time. */
const roundingMs = 0.001

type Resume = (effect: Effect.Effect<unknown, unknown>) => void
type Step = (now: number, failure: TransientFailure) => Pull.Pull<[unknown, Duration.Duration], never, unknown>

class Alarm extends Timer {
  readonly ring: (now: number) => void
  constructor(ring: (now: number) => void) {
    super()
    this.ring = ring
  }
}

export class Flight implements AttemptOwner, Waiting {
  readonly machine: Machine
  readonly clock: Clock.Clock
  readonly context: Context.Context<never>
  readonly callerId: number
  readonly priority: Priority
  readonly ends: number
  private readonly effect: Effect.Effect<unknown, unknown>
  private readonly options: CallOptions
  private readonly caller: Fiber.Fiber<unknown, unknown>
  private readonly resume: Resume
  private readonly startedAt: number
  private readonly most: number
  private made = 0
  private sent: Sent = "no"
  private last: TransientFailure | undefined = undefined
  private running: Attempt | undefined = undefined
  private hedge: Attempt | undefined = undefined
  /** The one thing that it waits for besides attempts: a place, the end of a sleep, or the time to hedge. */
  private alarm: Alarm | undefined = undefined
  private step: Step | undefined = undefined
  private stepping: Fiber.Fiber<number | undefined> | undefined = undefined
  private done = false

  constructor(
    machine: Machine,
    effect: Effect.Effect<unknown, unknown>,
    options: CallOptions,
    caller: Fiber.Fiber<unknown, unknown>,
    resume: Resume
  ) {
    this.machine = machine
    this.effect = effect
    this.options = options
    this.caller = caller
    this.callerId = caller.id
    this.context = caller.context
    this.clock = caller.getRef(Clock.Clock)
    this.resume = resume
    this.priority = options.priority ?? "default"
    this.most = options.kind === "write-once" ? 1 : (options.attempts ?? machine.settings.attempts)
    this.startedAt = monotonicMillis(this.clock)
    const own = this.startedAt + machine.settings.deadlineMs
    const outer = caller.getRef(CurrentAttempt)
    this.ends = outer === undefined ? own : Math.min(own, Number(outer.deadlineNanos) / 1e6)
    machine.counters.calls++
  }

  get scheduler(): Scheduler.Scheduler {
    return this.caller.getRef(Scheduler.Scheduler)
  }

  now(): number {
    return monotonicMillis(this.clock)
  }

  /** True: it has ended already. */
  start(): boolean {
    this.proceed(this.startedAt, false)
    return this.done
  }

  /** The next attempt, if it may start; else a place in the line; else the end. */
  private proceed(now: number, queued: boolean): void {
    const { machine } = this
    const refusal = machine.refusal(now, this.ends, this.priority, queued, this)
    if (refusal === undefined) return this.launch(now)
    if (refusal === "BulkheadFull" && this.wait(now)) return
    this.refuse(refusal, machine.hintMs, now)
  }

  private launch(now: number): void {
    this.running = new Attempt(this, ++this.made, now)
    if (this.options.hedge === true && this.made === 1) this.planHedge(now)
    this.running.run(this.effect, this.options.idempotencyKey)
  }

  // ---- the line

  private wait(now: number): boolean {
    const { machine } = this
    const { queue, floorMs } = machine.settings
    const until = Math.min(now + queue.waitMs, this.ends - floorMs)
    if (until <= now || !machine.line.join(this, queue.size)) return false
    this.setAlarm(until, (now) => {
      machine.line.leave(this)
      this.refuse("BulkheadFull", machine.settings.attemptMs, now)
    })
    return true
  }

  admitted(now: number): void {
    this.dropAlarm()
    this.proceed(now, true)
  }

  evicted(): void {
    this.dropAlarm()
    this.refuse("BulkheadFull", this.machine.settings.attemptMs, this.now())
  }

  // ---- the hedge

  private planHedge(now: number): void {
    const { hedge } = this.machine.settings
    const { latencies, circuit } = this.machine
    if (hedge === undefined || this.most < 2 || circuit.state !== "closed") return
    if (latencies.samples < hedge.minimumSamples) return
    const delay = latencies.at(hedge.percentile)
    if (delay >= this.machine.settings.attemptMs) return
    this.setAlarm(now + delay, (now) => this.launchHedge(now, delay))
  }

  private launchHedge(now: number, delayMillis: number): void {
    const { machine } = this
    if (machine.circuit.state !== "closed") return
    if (machine.refusal(now, this.ends, this.priority, false, this) !== undefined || !machine.budget.take(now)) return
    machine.counters.hedges++
    this.hedge = new Attempt(this, ++this.made, now)
    machine.journal.publish({ event: "OnHedging", attempt: this.made, delayMillis })
    this.hedge.run(this.effect, undefined)
  }

  // ---- the end of an attempt

  answered(
    attempt: Attempt,
    exit: Exit.Exit<unknown, unknown> | undefined,
    failure: TransientFailure | undefined,
    now: number
  ): void {
    if (this.done) return
    const other = attempt === this.running ? this.hedge : this.running
    if (attempt === this.running) this.running = undefined
    else this.hedge = undefined
    if (failure !== undefined) {
      this.note(failure)
      if (other !== undefined) return // it may still answer
      this.dropAlarm()
      return this.again(failure, now)
    }
    this.dropAlarm()
    if (other !== undefined) {
      // without the losers' times the percentile would drift down
      this.machine.latencies.add(now - other.startedAt)
      other.cancel(now)
    }
    this.land(exit!, now)
  }

  /** One "maybe" wins; the kit's own timeout never hides what the dependency said. */
  private note(failure: TransientFailure): void {
    if (failure.sent === "maybe") this.sent = "maybe"
    if (this.last === undefined || failure.reason !== attemptTimeout) this.last = failure
  }

  // ---- the retry; here a Schedule may cost what it costs

  private again(failure: TransientFailure, now: number): void {
    if (this.made >= this.most) return this.refuse("Exhausted", this.hint(failure, now), now)
    const fiber = Effect.runForkWith(this.context)(this.delayAfter(failure))
    this.stepping = fiber
    fiber.addObserver((exit) => {
      this.stepping = undefined
      if (this.done) return
      if (exit._tag === "Failure") return this.land(exit, this.now())
      this.decide(exit.value, failure, this.now())
    })
  }

  /** Milliseconds, known before sleeping; undefined when the schedule is over. */
  private delayAfter(failure: TransientFailure): Effect.Effect<number | undefined> {
    const ask = (step: Step) =>
      Pull.matchEffect(step(this.clock.currentTimeMillisUnsafe(), failure), {
        onDone: () => Effect.undefined,
        onFailure: Effect.failCause,
        onSuccess: ([, delay]) => Effect.succeed(Math.ceil(Duration.toMillis(delay)))
      })
    if (this.step !== undefined) return ask(this.step)
    return Effect.flatMap(Schedule.toStep(this.machine.settings.backoff), (step) => ask((this.step = step)))
  }

  private decide(delay: number | undefined, failure: TransientFailure, now: number): void {
    const { machine } = this
    if (delay === undefined) return this.refuse("Exhausted", this.hint(failure, now), now)
    const wait = Math.max(delay, machine.toldMs(failure), machine.pausedMs(now))
    if (now + wait + machine.settings.floorMs >= this.ends) return this.refuse("DeadlineExceeded", wait, now)
    if (machine.circuit.staysOpenMs(now) > wait) return this.refuse("CircuitOpen", machine.circuit.waitMs(now), now)
    if (!machine.budget.take(now)) return this.refuse("RetryBudgetExhausted", Math.max(wait, hintMs), now)
    machine.counters.retries++
    machine.journal.publish({ event: "OnRetry", attempt: this.made + 1, delayMillis: wait, errorType: failure.reason })
    if (wait <= 0) return this.proceed(now, false)
    this.setAlarm(now + wait, (now) => this.proceed(now, false))
  }

  private hint(failure: TransientFailure, now: number): number {
    const { machine } = this
    return Math.max(machine.toldMs(failure), machine.pausedMs(now), machine.circuit.waitMs(now)) || hintMs
  }

  // ---- the end of the call, in four ways

  /** The dependency's own answer, whatever it says. */
  private land(exit: Exit.Exit<unknown, unknown>, now: number): void {
    const { staleKey, fallback } = this.options
    if (exit._tag === "Failure") {
      this.finish(outcomeOf(exit), now)
      return this.resume(exit)
    }
    this.finish("success", now)
    if (staleKey === undefined && fallback === undefined) return this.resume(exit)
    if (staleKey !== undefined) {
      this.machine.lastGood.keep(staleKey, exit.value, now, this.machine.settings.staleEntries)
    }
    this.resume(Effect.succeed({ _tag: "Fresh", value: exit.value }))
  }

  /** No answer: the last good value, the fallback, or the error. */
  private refuse(reason: Rejection, afterMs: number, now: number): void {
    const { machine, options } = this
    const after = Duration.millis(Math.max(1, Math.ceil(afterMs - roundingMs)))
    const because = new DependencyUnavailable(machine.name, reason, this.sent, this.made, after, this.last)
    machine.counters.rejections[reason]++
    const kept =
      options.staleKey === undefined
        ? undefined
        : machine.lastGood.find(options.staleKey, now, machine.settings.staleMs)
    if (kept !== undefined) {
      this.finish("stale", now)
      machine.journal.substitute("stale", reason, now, this.context)
      const age = Duration.millis(now - kept.at)
      return this.resume(Effect.succeed({ _tag: "Stale", value: kept.value, age, because }))
    }
    const { fallback } = options
    if (fallback !== undefined) {
      this.finish("fallback", now)
      machine.journal.substitute("fallback", reason, now, this.context)
      return this.resume(Effect.sync(() => ({ _tag: "Fallback", value: fallback(because), because })))
    }
    this.finish(reason, now)
    this.resume(Effect.fail(because))
  }

  /** The caller was interrupted. Waits until its attempts have ended, or for the policy's grace. */
  cancel(): Effect.Effect<void> {
    if (this.done) return Effect.void
    const now = this.now()
    this.finish("interrupted", now)
    this.dropAlarm()
    this.machine.line.leave(this)
    this.stepping?.interruptUnsafe(this.callerId)
    const ending = [this.running?.cancel(now), this.hedge?.cancel(now)].filter((fiber) => fiber !== undefined)
    return this.awaitEnd(ending)
  }

  private awaitEnd(ending: ReadonlyArray<Fiber.Fiber<unknown, unknown>>): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const alive = new Set(ending.filter((fiber) => fiber.pollUnsafe() === undefined))
      if (alive.size === 0) return resume(Effect.void)
      for (const fiber of alive) {
        fiber.addObserver(() => {
          alive.delete(fiber)
          if (alive.size > 0) return
          this.dropAlarm()
          resume(Effect.void)
        })
      }
      const { graceMs } = this.machine.settings
      if (Number.isFinite(graceMs)) this.setAlarm(this.now() + graceMs, () => resume(Effect.void))
    })
  }

  private finish(outcome: Outcome, now: number): void {
    const { counters } = this.machine
    this.done = true
    counters.outcomes[outcome]++
    if (outcome === "stale" || outcome === "fallback") counters.substituted.add(now - this.startedAt)
    else if (this.made > 0) counters.live.add(now - this.startedAt)
  }

  private setAlarm(at: number, ring: (now: number) => void): void {
    this.alarm = new Alarm((now) => {
      this.alarm = undefined
      ring(now)
    })
    this.machine.timers(this).waits.add(this.alarm, at)
  }

  private dropAlarm(): void {
    if (this.alarm === undefined) return
    this.machine.timers(this).waits.remove(this.alarm)
    this.alarm = undefined
  }
}

const outcomeOf = (exit: Exit.Failure<unknown, unknown>): Outcome => {
  const tags = new Set(exit.cause.reasons.map((reason) => reason._tag))
  return tags.has("Fail") ? "domain" : tags.has("Die") ? "defect" : "interrupted"
}
