/**
 * Many deadlines, one sleeper: a list sorted by time and a single fiber on the Clock's `sleep`.
 *
 * Insertion walks from the tail, so it costs nothing while all timeouts are alike. A sleeper that finds the list empty ends.
 * A removal wakes nobody: with steady traffic the sleeper is started once per timeout, not once per call.
 */
import { Clock, Context, Duration, Effect, type Fiber, Scheduler } from "effect"

/** Something that happens at a time. Owners extend it, so that an attempt and its timer are one object. */
export abstract class Timer {
  /** Milliseconds of the Clock's monotonic time; negative when not in a list. */
  at = -1
  previous: Timer | undefined = undefined
  next: Timer | undefined = undefined
  abstract ring(now: number): void
}

export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** A timer of the operating system may ring this early; not worth another sleep. */
const toleranceMs = 0.5

export class Timers {
  private head: Timer | undefined = undefined
  private tail: Timer | undefined = undefined
  private sleeper: Fiber.Fiber<void> | undefined = undefined
  private wakesAt = Infinity
  private readonly clock: Clock.Clock
  private readonly run: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  size = 0

  constructor(clock: Clock.Clock, scheduler: Scheduler.Scheduler) {
    this.clock = clock
    this.run = Effect.runForkWith(Context.make(Clock.Clock, clock).pipe(Context.add(Scheduler.Scheduler, scheduler)))
  }

  /** True while the sleeper lives; it may outlive the last timer until its time has come. */
  get asleep(): boolean {
    return this.sleeper !== undefined
  }

  add(timer: Timer, at: number): void {
    timer.at = at
    let before = this.tail
    while (before !== undefined && before.at > at) before = before.previous
    timer.previous = before
    timer.next = before === undefined ? this.head : before.next
    if (timer.next === undefined) this.tail = timer
    else timer.next.previous = timer
    if (before === undefined) this.head = timer
    else before.next = timer
    this.size++
    if (at < this.wakesAt) this.arm()
  }

  remove(timer: Timer): void {
    if (timer.at < 0) return
    timer.at = -1
    this.size--
    if (timer.previous === undefined) this.head = timer.next
    else timer.previous.next = timer.next
    if (timer.next === undefined) this.tail = timer.previous
    else timer.next.previous = timer.previous
    timer.previous = undefined
    timer.next = undefined
  }

  /** Ends the sleeper, unless somebody still waits for it. */
  stopWhenIdle(): void {
    if (this.head === undefined) this.stop()
  }

  private stop(): void {
    const { sleeper } = this
    this.sleeper = undefined
    this.wakesAt = Infinity
    sleeper?.interruptUnsafe()
  }

  private arm(): void {
    this.stop()
    if (this.head === undefined) return
    this.wakesAt = this.head.at
    const wait = Math.max(0, Math.ceil(this.head.at - monotonicMillis(this.clock)))
    const sleeper = this.run(
      Effect.andThen(
        this.clock.sleep(Duration.millis(wait)),
        Effect.sync(() => this.ringDue())
      )
    )
    if (sleeper.pollUnsafe() === undefined) this.sleeper = sleeper
  }

  private ringDue(): void {
    this.sleeper = undefined
    this.wakesAt = Infinity
    const now = monotonicMillis(this.clock)
    while (this.head !== undefined && this.head.at <= now + toleranceMs) {
      const due = this.head
      this.remove(due)
      due.ring(now)
    }
    if (this.sleeper === undefined && this.head !== undefined) this.arm()
  }
}
