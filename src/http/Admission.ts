/**
 * Admission: who is let in when not everybody can be served.
 *
 * As many requests as `AdmissionLimit` says are worked on at once. Who finds no room waits in a short line, critical
 * ones first, and for a moment only; sheddable ones do not wait. Whoever leaves or runs out of time is gone from the
 * line at once. Everybody else is refused before anything is read or looked up for him, because a refusal that costs as
 * much as an answer protects nothing. Waiting for an order's outcome, and for a password's hash, takes no room.
 */
import { Clock, Context, Effect, Exit, Layer, Random, Scheduler } from "effect"
import type { HttpServerResponse } from "effect/http"
import { monotonicMillis, Timer, Timers, type Waiter, WaitingLine } from "../resilience/index.ts"
import { type AdmissionCounts, reportAdmission } from "./admissionReport.ts"
import { AdmissionLimit } from "./AdmissionLimit.ts"
import { isLate } from "./Deadlines.ts"
import { NodeOverloaded } from "./errors.ts"
import type { Traffic } from "./traffic.ts"

/** A burst of so many is over within the wait; more than that would be refused after it anyway. */
const lineLength = 64
/** Who has waited so long is served no more quickly than who comes anew, and has a fresh idea of being in a hurry. */
const lineMillis = 100
/** Seconds after which a refused client may come back: from one to about three, drawn, so that they do not come together. */
const comeBackWithin = 3

/** A 503 that took longer has waited for something in vain: for a place in the database's pool, most likely. */
const quickMillis = 100

type Answer = HttpServerResponse.HttpServerResponse
type Priority = Waiter["priority"]

/** One request's way in. */
export class Pass extends Timer implements Waiter {
  readonly traffic: Traffic
  readonly priority: Priority
  private readonly gate: Gate
  private resume: ((way: "in" | "away") => void) | undefined = undefined
  private enteredAt = -1

  constructor(gate: Gate, traffic: Traffic, priority: Priority) {
    super()
    this.gate = gate
    this.traffic = traffic
    this.priority = priority
  }

  enter(now: number): void {
    if (this.traffic.hashes) return
    this.enteredAt = now
    this.gate.limit.enter()
  }

  wait(resume: (way: "in" | "away") => void): void {
    this.resume = resume
  }

  admitted(now: number): void {
    this.gate.timers.remove(this)
    this.enter(now)
    this.resume?.("in")
  }

  evicted(): void {
    this.gate.timers.remove(this)
    this.resume?.("away")
  }

  ring(): void {
    this.gate.line.leave(this)
    this.resume?.("away")
  }

  /** Its work is over, or it only waits from here on; what it says of the node is in `outcome`. Any number of times. */
  leave(outcome: "answered" | "gave up" | "came to nothing" | "nothing"): void {
    const { limit, line, timers } = this.gate
    line.leave(this)
    timers.remove(this)
    if (this.enteredAt < 0) return
    const now = this.gate.now()
    const took = now - this.enteredAt
    this.enteredAt = -1
    limit.leave()
    if (outcome === "answered") limit.answered(this.traffic, took, now)
    else if (outcome === "gave up" || (outcome === "came to nothing" && took > quickMillis)) limit.gaveUp(now)
    this.gate.letIn(now)
  }
}

class Gate {
  readonly limit: AdmissionLimit
  readonly line = new WaitingLine<Pass>()
  readonly timers: Timers
  readonly counts: AdmissionCounts = { critical: 0, default: 0, sheddable: 0 }
  private readonly clock: Clock.Clock

  constructor(clock: Clock.Clock, timers: Timers) {
    this.clock = clock
    this.timers = timers
    this.limit = new AdmissionLimit(this.now())
  }

  now(): number {
    return monotonicMillis(this.clock)
  }

  /** The place that somebody left belongs to who waits. */
  letIn(now: number): void {
    while (this.line.size > 0 && this.limit.hasRoom("default")) this.line.next()?.admitted(now)
  }

  hasRoom(pass: Pass): boolean {
    return this.line.size === 0 && this.limit.hasRoom(pass.priority)
  }

  /** Whether it may wait; if so it does. */
  joins(pass: Pass): boolean {
    if (!this.line.join(pass, lineLength)) return false
    this.timers.add(pass, this.now() + lineMillis)
    return true
  }
}

export class Admission extends Context.Service<
  Admission,
  {
    /** None for what is let in whatever happens. */
    readonly passFor: (traffic: Traffic) => Pass | undefined
    /** Refuses at once who would be refused after his body was read. */
    readonly atOnce: (pass: Pass) => Effect.Effect<void, NodeOverloaded>
    /** `self` when there is room, or after a moment's wait. */
    readonly through: <E, R>(
      pass: Pass,
      self: Effect.Effect<Answer, E, R>
    ) => Effect.Effect<Answer, E | NodeOverloaded, R>
  }
>()("holdfast/http/Admission") {
  static readonly layer = Layer.effect(
    Admission,
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const gate = new Gate(clock, new Timers(clock, yield* Scheduler.Scheduler))
      yield* reportAdmission(gate.counts, () => ({
        limit: gate.limit.current,
        inFlight: gate.limit.inFlight,
        waiting: gate.line.size
      }))

      const refuse = (pass: Pass) =>
        Effect.flatMap(Random.next, (share) => {
          gate.counts[pass.priority]++
          return Effect.fail(new NodeOverloaded({ retryAfterSeconds: share * comeBackWithin }))
        })
      const waited = (pass: Pass) =>
        Effect.callback<"in" | "away">((resume) => {
          pass.wait((way) => resume(Effect.succeed(way)))
          if (!gate.joins(pass)) resume(Effect.succeed("away"))
        })

      return Admission.of({
        passFor: (traffic) => (traffic.priority === "outside" ? undefined : new Pass(gate, traffic, traffic.priority)),
        atOnce: (pass) => {
          // A critical one may still take the place of another in the line.
          const mayWait = pass.priority === "critical" || (pass.priority === "default" && gate.line.size < lineLength)
          return mayWait || gate.hasRoom(pass) ? Effect.void : refuse(pass)
        },
        through: <E, R>(pass: Pass, self: Effect.Effect<Answer, E, R>) =>
          Effect.suspend((): Effect.Effect<Answer, E | NodeOverloaded, R> => {
            const room = gate.hasRoom(pass)
            if (room) pass.enter(gate.now())
            const next = (way: "in" | "away"): Effect.Effect<Answer, E | NodeOverloaded, R> =>
              way === "in" ? self : refuse(pass)
            return Effect.onExit(room ? self : Effect.flatMap(waited(pass), next), (exit) =>
              Effect.sync(() => pass.leave(saidBy(exit)))
            )
          })
      })
    })
  )

  /** Lets everybody in: for operators. */
  static readonly layerOpen = Layer.succeed(Admission, {
    passFor: () => undefined,
    atOnce: () => Effect.void,
    through: (_pass, self) => self
  })
}

/** What was too late says much of the node; so does what came to nothing, unless it was quick. */
const saidBy = (exit: Exit.Exit<Answer, unknown>) => {
  if (Exit.isFailure(exit)) return isLate(exit.cause) ? "gave up" : "nothing"
  const { status } = exit.value
  if (status < 400) return "answered"
  return status === 504 ? "gave up" : status === 503 ? "came to nothing" : "nothing"
}
