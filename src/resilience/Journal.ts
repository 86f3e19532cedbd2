/**
 * How a Dependency is heard: events for whoever subscribes, and one log line per transition.
 *
 * A line is written in the context of the call that brought the transition about, so it carries that request's annotations
 * and goes to its loggers. A substitute is worth a line, but not one per call.
 */
import { type Context, Effect, PubSub } from "effect"
import { type CircuitState } from "./Circuit.ts"
import { circuitEvent, type KitEvent, type TransitionCause } from "./events.ts"

/** Under a storm a subscriber that is slower than this misses events; counts and lines are not affected. */
const eventsKept = 1024
/** One line a minute says that substitutes are served; the counter says how many. */
const substituteLineEveryMs = 60_000

type OfKit<E> = E extends unknown ? Omit<E, "dependency"> : never

export class Journal {
  private readonly dependency: string
  private substituteLineAt = -Infinity
  readonly events: PubSub.PubSub<KitEvent>

  constructor(dependency: string, events: PubSub.PubSub<KitEvent>) {
    this.dependency = dependency
    this.events = events
  }

  static readonly make = (dependency: string): Effect.Effect<Journal> =>
    Effect.map(PubSub.sliding<KitEvent>(eventsKept), (events) => new Journal(dependency, events))

  publish(event: OfKit<KitEvent>): void {
    PubSub.publishUnsafe(this.events, { ...event, dependency: this.dependency } as KitEvent)
  }

  circuit(
    from: CircuitState,
    to: CircuitState,
    cause: TransitionCause,
    errorType: string | undefined,
    context: Context.Context<never>
  ): void {
    const event = circuitEvent(to)
    this.publish({ event, state: to, from, cause })
    const line = to === "open" || to === "forced_open" ? Effect.logWarning : Effect.logInfo
    this.write(line("The circuit changed its state."), context, {
      event,
      "circuit.state": to,
      "circuit.previous_state": from,
      "circuit.cause": cause,
      ...(errorType === undefined ? {} : { "error.type": errorType })
    })
  }

  switched(off: boolean, context: Context.Context<never>): void {
    const event = off ? "OnSwitchedOff" : "OnSwitchedOn"
    this.publish({ event })
    this.write(Effect.logWarning("The dependency was switched."), context, { event })
  }

  substitute(served: "stale" | "fallback", errorType: string, now: number, context: Context.Context<never>): void {
    this.publish({ event: "OnFallback", served, errorType })
    if (now - this.substituteLineAt < substituteLineEveryMs) return
    this.substituteLineAt = now
    const fields = { event: "OnFallback", "fallback.served": served, "error.type": errorType }
    this.write(Effect.logWarning("A substitute is served for the dependency's answer."), context, fields)
  }

  private write(line: Effect.Effect<void>, context: Context.Context<never>, fields: Record<string, string>): void {
    Effect.runForkWith(context)(Effect.annotateLogs(line, { dependency: this.dependency, ...fields }))
  }
}
