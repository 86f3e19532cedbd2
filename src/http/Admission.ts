/**
 * Admission: who is let in when not everybody can be served.
 *
 * As many requests as `AdmissionLimit` says are worked on at once. Who finds no room waits in a short line, critical
 * ones first, and for a moment only; sheddable ones do not wait. Whoever leaves or runs out of time is gone from the
 * line at once. Everybody else is refused before anything is read or looked up for him, because a refusal that costs as
 * much as an answer protects nothing: the front door (`frontDoor.ts`) decides before there is a fiber, and only what
 * arrives bit by bit is decided here. Waiting for an order's outcome, and for a password's hash, takes no room.
 */
import { Clock, Context, Effect, Exit, Layer, Option, Random, Scheduler } from "effect"
import type { HttpServerResponse } from "effect/http"
import { Crowd } from "../jobs/Crowd.ts"
import { AdmissionGate, Pass } from "./AdmissionGate.ts"
import { reportAdmission } from "./admissionReport.ts"
import { isLate } from "./Deadlines.ts"
import { NodeOverloaded } from "./errors.ts"
import { LoopIsFull } from "./loopIsFull.ts"
import type { Traffic } from "./traffic.ts"

/** Seconds after which a refused client may come back: from one to about three, drawn, so that they do not come together. */
const comeBackWithin = 3

/** From a number between 0 and 1. */
export const comeBackSeconds = (random: number): number => random * comeBackWithin

type Answer = HttpServerResponse.HttpServerResponse

export class Admission extends Context.Service<
  Admission,
  {
    /** None for what is let in whatever happens. A request that came in by the front door has its pass already. */
    readonly passFor: (traffic: Traffic, request?: object) => Pass | undefined
    /** The request was let in with this pass. */
    readonly letIn: (request: object, pass: Pass) => void
    /** Whether such a request is refused without a wait; if so it is counted as refused. */
    readonly refusesAtOnce: (traffic: Traffic) => boolean
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
      const loopIsFull = yield* LoopIsFull
      const gate = new AdmissionGate(clock, yield* Scheduler.Scheduler, loopIsFull())
      yield* reportAdmission(gate.refused, () => ({
        limit: gate.limit.current,
        inFlight: gate.limit.inFlight,
        waiting: gate.line.size
      }))

      const crowd = yield* Effect.serviceOption(Crowd)
      if (Option.isSome(crowd)) {
        crowd.value.isAtTheDoor = () => gate.isCrowded()
        const isFull = loopIsFull()
        crowd.value.requestsWait = () => gate.isCrowded() || isFull()
      }

      const passes = new WeakMap<object, Pass>()
      const refusal = Effect.flatMap(Random.next, (random) =>
        Effect.fail(new NodeOverloaded({ retryAfterSeconds: comeBackSeconds(random) }))
      )
      const asked = (pass: Pass) =>
        Effect.callback<"in" | "away">((resume) => pass.ask((way) => resume(Effect.succeed(way))))

      return Admission.of({
        passFor: (traffic, request) =>
          (request === undefined ? undefined : passes.get(request)) ??
          (traffic.priority === "outside" ? undefined : new Pass(gate, traffic, traffic.priority)),
        letIn: (request, pass) => void passes.set(request, pass),
        refusesAtOnce: (traffic) => {
          const { priority } = traffic
          if (priority === "outside" || !gate.isHopeless(traffic, priority)) return false
          gate.sentAway(priority)
          return true
        },
        atOnce: (pass) =>
          Effect.suspend(() => {
            if (pass.isIn || !pass.isHopeless) return Effect.void
            gate.sentAway(pass.priority)
            return refusal
          }),
        through: <E, R>(pass: Pass, self: Effect.Effect<Answer, E, R>) =>
          Effect.suspend((): Effect.Effect<Answer, E | NodeOverloaded, R> => {
            const next = (way: "in" | "away"): Effect.Effect<Answer, E | NodeOverloaded, R> =>
              way === "in" ? self : refusal
            const served = pass.isIn || pass.enters() ? self : Effect.flatMap(asked(pass), next)
            return Effect.onExit(served, (exit) => Effect.sync(() => pass.leave(saidBy(exit))))
          })
      })
    })
  )

  /** Lets everybody in: for operators. */
  static readonly layerOpen = Layer.succeed(Admission, {
    passFor: () => undefined,
    letIn: () => undefined,
    refusesAtOnce: () => false,
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
