/**
 * One declaration per dependency, one `call`: the kit's front door.
 *
 * The strategies have one order, which `describe` prints. A call is admitted, retried and answered by one register of one
 * callback (`Flight.ts`) over one state (`Machine.ts`). A permit stays out until its attempt has ended, also an abandoned
 * one; what is abandoned is interrupted with the scope that
 * the Dependency was made in, which waits for its end at most `closeGrace`.
 */
import { Clock, type Context, Duration, Effect, Fiber, Option, type Scope, Stream } from "effect"
import { Chaos } from "./Chaos.ts"
import { Dependencies } from "./Dependencies.ts"
import { describeSettings } from "./describe.ts"
import { TransientFailure } from "./errors.ts"
import type { KitEvent } from "./events.ts"
import { Flight } from "./Flight.ts"
import { Journal } from "./Journal.ts"
import { KillSwitches } from "./KillSwitches.ts"
import { Machine } from "./Machine.ts"
import { registerMetrics } from "./metrics.ts"
import type { Call, CallOptions } from "./options.ts"
import type { Order, OverrideKind } from "./overrides.ts"
import type { Policy } from "./Policy.ts"
import { type PolicyInvalid, settingsOf } from "./settings.ts"
import { type DependencySnapshot, snapshotOf } from "./snapshot.ts"
import { monotonicMillis } from "./Timers.ts"

/** Who ends an order, and why. */
export type By = Pick<Order, "actor" | "reason">

export interface Dependency {
  readonly name: string
  readonly call: Call
  /** Bounds setting up a connection by the policy's `connectTimeout`; in time or not sent at all. */
  readonly connecting: <A, E, R>(connect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | TransientFailure, R>
  /** The kill switch. Calls that have a substitute are answered with it; the others are refused. */
  readonly switchOff: (order: Order) => Effect.Effect<void>
  readonly switchOn: (by: By) => Effect.Effect<void>
  readonly circuit: {
    /** Refuses every attempt until it is ended, then asks with a probe. */
    readonly forceOpen: (order: Order) => Effect.Effect<void>
    /** Lets every attempt through and judges nothing. */
    readonly disable: (order: Order) => Effect.Effect<void>
    /** Another node found it down and asks again in so many milliseconds: a closed circuit opens for as long, and probes. */
    readonly hear: (openMillis: number) => Effect.Effect<void>
    /** Ends both of these, forgets what was counted and what `Retry-After` asked for, and closes. */
    readonly reset: (by: By) => Effect.Effect<void>
  }
  /** New numbers from the next attempt on. State, counts and half-open progress stay. */
  readonly reconfigure: (policy: Policy) => Effect.Effect<void, PolicyInvalid>
  /** Also ends the orders that have run out; otherwise the next call does. */
  readonly snapshot: Effect.Effect<DependencySnapshot>
  readonly events: Stream.Stream<KitEvent>
  /** The order of the strategies, outside in, with this dependency's numbers. */
  readonly describe: () => string
}

/** A policy that cannot work is a defect: it is code. Names are unique where a `Dependencies` is provided. */
const make = Effect.fn("Dependency.make")(function* (
  name: string,
  policy: Policy
): Effect.fn.Return<Dependency, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<never>()
  const settings = yield* Effect.orDie(settingsOf(name, policy))
  const chaos = Option.getOrUndefined(yield* Effect.serviceOption(Chaos))
  const machine = new Machine(name, settings, monotonicMillis(clock), yield* Journal.make(name), chaos)
  yield* Effect.addFinalizer(() => close(machine))

  const shared = yield* Effect.serviceOption(KillSwitches)
  const switches = Option.isSome(shared) ? shared.value : yield* KillSwitches.make
  yield* switches.watch(name, (overrides) => machine.rule(monotonicMillis(clock), overrides, context))
  yield* registerMetrics(machine, clock)

  const dependency: Dependency = {
    name,
    call: callOf(machine),
    connecting: (connect) =>
      Effect.suspend(() =>
        Effect.timeoutOrElse(connect, {
          duration: Duration.millis(machine.settings.connectMs),
          orElse: () => Effect.fail(new TransientFailure({ reason: "connect_timeout", sent: "no" }))
        })
      ),
    ...operatorsVerbs(machine, switches),
    reconfigure: Effect.fn("Dependency.reconfigure")(function* (policy) {
      const settings = yield* settingsOf(name, policy)
      machine.reconfigure(monotonicMillis(yield* Clock.Clock), settings)
    }),
    snapshot: Effect.contextWith((context: Context.Context<never>) =>
      Effect.map(Clock.Clock, (clock) => {
        machine.expire(monotonicMillis(clock), clock.currentTimeMillisUnsafe(), context)
        return snapshotOf(machine, monotonicMillis(clock))
      })
    ),
    events: Stream.fromPubSub(machine.journal.events),
    describe: () => describeSettings(name, machine.settings, chaos !== undefined)
  }
  const all = yield* Effect.serviceOption(Dependencies)
  if (Option.isSome(all)) yield* all.value.register(dependency)
  return dependency
})

/** The types are `Call`'s; inside, an effect is an effect. */
const callOf = (machine: Machine): Call => {
  const call = (effect: Effect.Effect<unknown, unknown>, options: CallOptions) =>
    Effect.callback<unknown, unknown>((resume) => {
      const flight = new Flight(machine, effect, options, Fiber.getCurrent()!, resume)
      return flight.start() ? undefined : Effect.suspend(() => flight.cancel())
    })
  return call as unknown as Call
}

const operatorsVerbs = (
  machine: Machine,
  switches: Context.Service.Shape<typeof KillSwitches>
): Pick<Dependency, "switchOff" | "switchOn" | "circuit"> => {
  const { name } = machine
  const set = (kind: OverrideKind) => (order: Order) => Effect.asVoid(switches.set(name, kind, order))
  return {
    switchOff: set("off"),
    switchOn: (by) => switches.clear(name, "off", by),
    circuit: {
      forceOpen: set("forced_open"),
      disable: set("disabled"),
      hear: Effect.fn("Dependency.circuit.hear")(function* (openMillis) {
        machine.hear(monotonicMillis(yield* Clock.Clock), openMillis, yield* Effect.context<never>())
      }),
      reset: Effect.fn("Dependency.circuit.reset")(function* (by) {
        yield* switches.clear(name, "forced_open", by)
        yield* switches.clear(name, "disabled", by)
        machine.reset(monotonicMillis(yield* Clock.Clock), yield* Effect.context<never>())
      })
    }
  }
}

/** Whoever stops a process gives it about half a minute; a stubborn attempt may have a third of it, not all. */
const closeGrace = "10 seconds"

/** What nobody waits for any more is interrupted and waited for, but not for ever: it is left to end alone. */
const close = (machine: Machine): Effect.Effect<void> =>
  Effect.suspend(() => {
    for (const timers of machine.allTimers) timers.stopWhenIdle()
    if (machine.abandoned.size === 0) return Effect.void
    const ended = Effect.interruptible(Fiber.awaitAll([...machine.abandoned]))
    for (const fiber of machine.abandoned) fiber.interruptUnsafe()
    return Effect.timeoutOrElse(ended, {
      duration: closeGrace,
      orElse: () =>
        Effect.annotateLogs(Effect.logWarning("The dependency is closed while attempts have not ended."), {
          dependency: machine.name,
          abandoned: machine.abandoned.size
        })
    }).pipe(Effect.asVoid)
  })

export const Dependency = { make }
