/**
 * Time that jumps from event to event: a Clock and a Scheduler for simulations of millions of calls.
 *
 * What a TestClock does, without its bookkeeping for each sleeper: an event rings, everything that it sets going runs until
 * it waits again, and only then does time move on. Events of one moment ring in the order in which they were set. Nothing
 * here waits for the machine, so a run is decided by its seed alone.
 */
import { Clock, Context, Duration, Effect, type Fiber, Random, References, Scheduler } from "effect"

interface Event {
  readonly at: number
  readonly order: number
  ring: (() => void) | undefined
}

const isBefore = (one: Event, other: Event) => one.at < other.at || (one.at === other.at && one.order < other.order)

export class World {
  /** Milliseconds. */
  now = 0
  private order = 0
  /** A binary heap: the next event is the first. */
  private readonly events: Array<Event> = []
  private tasks: Array<() => void> = []
  private running = false

  /** Sets an event. It is taken away again by taking its `ring`. */
  at(millis: number, ring: () => void): Event {
    const event: Event = { at: millis, order: this.order++, ring }
    let index = this.events.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(event, this.events[parent]!)) break
      this.events[index] = this.events[parent]!
      index = parent
    }
    this.events[index] = event
    return event
  }

  fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.context)(effect)
  }

  /** For what does not wait. */
  run<A>(effect: Effect.Effect<A>): A {
    return Effect.runSyncWith(this.context)(effect)
  }

  /** Lets time pass until `millis`. */
  runUntil(millis: number): void {
    this.settle()
    while (this.events.length > 0 && this.events[0]!.at <= millis) {
      const { at, ring } = this.take()
      if (ring === undefined) continue
      this.now = at
      ring()
      this.settle()
    }
    this.now = millis
  }

  private take(): Event {
    const { events } = this
    const first = events[0]!
    const last = events.pop()!
    if (events.length === 0) return first
    let index = 0
    for (let child = 1; child < events.length; child = 2 * index + 1) {
      if (child + 1 < events.length && isBefore(events[child + 1]!, events[child]!)) child++
      if (!isBefore(events[child]!, last)) break
      events[index] = events[child]!
      index = child
    }
    events[index] = last
    return first
  }

  /** Runs what fibers have put off until nothing is left. */
  private settle(): void {
    if (this.running) return
    this.running = true
    while (this.tasks.length > 0) {
      const tasks = this.tasks
      this.tasks = []
      for (const task of tasks) task()
    }
    this.running = false
  }

  private readonly clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => this.now,
    currentTimeMillis: Effect.sync(() => this.now),
    currentTimeNanosUnsafe: () => BigInt(Math.round(this.now * 1e6)),
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(this.now * 1e6))),
    monotonicTimeNanosUnsafe: () => BigInt(Math.round(this.now * 1e6)),
    monotonicTimeNanos: Effect.sync(() => BigInt(Math.round(this.now * 1e6))),
    sleep: (duration) =>
      Effect.callback((resume) => {
        const event = this.at(this.now + Duration.toMillis(duration), () => resume(Effect.void))
        return Effect.sync(() => void (event.ring = undefined))
      })
  }

  private readonly scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: () => false,
    makeDispatcher: () => ({
      scheduleTask: (task) => void this.tasks.push(task),
      flush: () => this.settle()
    })
  }

  /** What runs in here: on this time, without a log, with the draws of `seed`. */
  private readonly context: Context.Context<never>

  constructor(seed: string) {
    this.context = Context.make(Clock.Clock, this.clock).pipe(
      Context.add(Scheduler.Scheduler, this.scheduler),
      Context.add(References.MinimumLogLevel, "None"),
      Context.add(Random.Random, Effect.runSync(Random.withSeed(Random.Random, seed)))
    )
  }
}
