/**
 * The time that a request has: nobody works for a client who no longer waits.
 *
 * The deadline is readable in the request's fiber, so it bounds every call to the database and to a provider inside of
 * it without being told; what these say of a call that was cut off is the answer. Whatever is still under way at the
 * deadline itself is interrupted, and answered by the boundary. Work that was made durable goes on elsewhere.
 * Waiting for an order's outcome (`Prefer: wait`) is added to the deadline, not taken from it.
 */
import { type Cause, Clock, Context, Effect, type Fiber, Layer, Scheduler } from "effect"
import { type AttemptInfo, monotonicMillis, Timer, Timers } from "../resilience/index.ts"
import type { Traffic } from "./traffic.ts"

export interface RequestDeadlines {
  readonly readMillis: number
  readonly writeMillis: number
}

/**
 * A page that has not come after a second is asked for again; an order is waited for, and five seconds are what a
 * provider's call and the database's statement fit into. A client's `Request-Timeout` lowers them, never raises.
 */
export const RequestDeadlines = Context.Reference<RequestDeadlines>("holdfast/http/RequestDeadlines", {
  defaultValue: () => ({ readMillis: 1_000, writeMillis: 5_000 })
})

/** From the deadline of writes, which is what `REQUEST_DEADLINE` sets: a read has a fifth of it. */
export const deadlinesFrom = (writeMillis: number): RequestDeadlines => ({ readMillis: writeMillis / 5, writeMillis })

/** The work inside ends so much earlier, so that what it has to say still arrives in time. Of a short time: a tenth. */
const lastWordMillis = 50

/** Told by this from an interruption for another reason. */
class PassedDeadline extends Context.Service<PassedDeadline, true>()("holdfast/http/PassedDeadline") {
  static readonly annotation = this.context(true)
}

/** RFC 9110 knows no such field; seconds, fractions allowed. What cannot be read is ignored. */
const askedMillis = (header: string | undefined): number => {
  const seconds = /^\d{1,6}(?:\.\d{1,3})?$/.test(header?.trim() ?? "") ? Number(header) : 0
  return seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY
}

/** Whether this is the end of a request whose time was up. */
export const isLate = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) => reason._tag === "Interrupt" && reason.annotations.has(PassedDeadline.key))

/** One request's. It knows its fiber, and the fiber knows it. */
export class RequestDeadline extends Timer implements AttemptInfo {
  readonly number = 0
  private readonly timers: Timers
  private readonly clock: Clock.Clock
  private readonly millis: number
  private endsAt = Number.POSITIVE_INFINITY
  private fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined

  constructor(timers: Timers, clock: Clock.Clock, millis: number) {
    super()
    this.timers = timers
    this.clock = clock
    this.millis = millis
  }

  /** Before it is started, while a rate limit is asked for elsewhere, it is as if it started now. */
  get deadlineNanos(): bigint {
    const endsAt = Math.min(this.endsAt, monotonicMillis(this.clock) + this.millis)
    const lastWord = Math.min(lastWordMillis, this.millis / 10)
    return BigInt(Math.round((endsAt - lastWord) * 1e6))
  }

  start(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.fiber = fiber
    this.endsAt = monotonicMillis(this.clock) + this.millis
    this.timers.add(this, this.endsAt)
  }

  stop(): void {
    this.timers.remove(this)
  }

  ring(): void {
    this.fiber?.interruptUnsafe(undefined, PassedDeadline.annotation)
  }

  /** Time does not pass for it during `self`. */
  readonly paused = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const began = monotonicMillis(this.clock)
      this.stop()
      const goesOn = Effect.sync(() => {
        this.endsAt += monotonicMillis(this.clock) - began
        this.timers.add(this, this.endsAt)
      })
      return Effect.ensuring(self, goesOn)
    })
}

export class Deadlines extends Context.Service<
  Deadlines,
  {
    /** The request's deadline, not started yet; none where requests have none. */
    readonly of: (traffic: Traffic, requestTimeout: string | undefined) => RequestDeadline | undefined
  }
>()("holdfast/http/Deadlines") {
  static readonly layer = Layer.effect(
    Deadlines,
    Effect.gen(function* () {
      const { readMillis, writeMillis } = yield* RequestDeadlines
      const clock = yield* Clock.Clock
      const timers = new Timers(clock, yield* Scheduler.Scheduler)
      return {
        of: ({ reads }, requestTimeout) =>
          new RequestDeadline(timers, clock, Math.min(reads ? readMillis : writeMillis, askedMillis(requestTimeout)))
      }
    })
  )

  /** For operators, who may wait as long as they like. */
  static readonly layerNone = Layer.succeed(Deadlines, { of: () => undefined })
}

/** From its start to its end; what runs inside reads it as `CurrentAttempt`. */
export const within = <A, E, R>(deadline: RequestDeadline, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    deadline.start(fiber)
    return Effect.onExit(self, () => Effect.sync(() => deadline.stop()))
  })
