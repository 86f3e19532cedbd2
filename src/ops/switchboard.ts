/**
 * What operators may switch: features, dependencies, and the circuits of these. A name that is none of them is refused:
 * at three in the morning a typo must not look like a switch that was thrown.
 *
 * A feature that is named as the dependency behind it is one switch with it: off, nothing is asked of either. An order
 * holds on every node within a second; counts and circuits' states are this node's own.
 */
import { DateTime, Duration, Effect } from "effect"
import { recommending } from "../catalog/Suggestions.ts"
import { DatabaseHealth } from "../database/DatabaseHealth.ts"
import { checkout, refunds } from "../orders/Orders.ts"
import { Dependencies, KillSwitches, type Order, type Override, type OverrideKind } from "../resilience/index.ts"
import { signingUp } from "../users/Users.ts"
import { SwitchTargetUnknown } from "./errors.ts"

const features: ReadonlyArray<string> = [checkout, signingUp, refunds, recommending, "analytics", "email"]
/** Also those that only another node calls: an API node does not talk to the payment provider. */
const dependencies: ReadonlyArray<string> = ["payments", "inventory", "email", "recommendations", "analytics"]

/** Everything that has a switch, by the name that it is known by to operators. */
const onlyCalled = dependencies.filter((name) => !features.includes(name))
export const switchable: ReadonlyArray<Pick<Switchable, "name" | "of">> = [
  ...features.map((name) => ({ name, of: "feature" as const })),
  ...onlyCalled.map((name) => ({ name, of: "dependency" as const }))
]

export interface Change {
  readonly actor: string
  readonly reason: string
  /** Absent: until it is taken back. */
  readonly until?: DateTime.Utc | undefined
}

const orderOf = Effect.fnUntraced(function* ({ actor, reason, until }: Change): Effect.fn.Return<Order> {
  if (until === undefined) return { actor, reason }
  return { actor, reason, expiresIn: Duration.max(Duration.zero, DateTime.distance(yield* DateTime.now, until)) }
})

/** One thing that can be switched, and the order that has it off, if there is one. */
export interface Switchable {
  readonly name: string
  readonly of: "feature" | "dependency"
  readonly off: Override | undefined
}

export const switchboard = Effect.gen(function* () {
  const switches = yield* KillSwitches
  const registered = yield* Dependencies
  const database = yield* DatabaseHealth

  const known = (names: ReadonlyArray<string>, name: string) =>
    names.includes(name) || registered.find(name) !== undefined ? Effect.void : Effect.fail(new SwitchTargetUnknown())
  const set = (kind: OverrideKind, names: ReadonlyArray<string>) =>
    Effect.fn("switchboard.set")(function* (name: string, change: Change) {
      yield* known(names, name)
      yield* switches.set(name, kind, yield* orderOf(change))
    })

  const all = switchable.map(({ name }) => name)
  return {
    switches: Effect.gen(function* () {
      const elsewhere = (yield* registered.snapshot).filter(({ name }) => !dependencies.includes(name))
      const orders = (yield* switches.list).filter(({ kind }) => kind === "off")
      return [...switchable, ...elsewhere.map(({ name }) => dependencyCalled(name))].map(
        ({ name, of }): Switchable => ({
          name,
          of,
          off: orders.find(({ target }) => target === name)
        })
      )
    }),
    off: set("off", all),
    on: Effect.fn("switchboard.on")(function* (name: string, change: Change) {
      yield* known(all, name)
      yield* switches.clear(name, "off", change)
    }),
    /** The database's is first, and nobody's to switch. */
    circuits: Effect.gen(function* () {
      return [yield* database.snapshot, ...(yield* registered.snapshot)]
    }),
    /** Refuses every call on every node until it is ended; then a probe asks. */
    forceOpen: set("forced_open", dependencies),
    /** Lets every call through on every node, and judges nothing. */
    disable: set("disabled", dependencies),
    /** Ends both on every node; this node also forgets what it counted, and closes. */
    reset: Effect.fn("switchboard.reset")(function* (name: string, change: Change) {
      yield* known(dependencies, name)
      const here = registered.find(name)
      if (here !== undefined) return yield* here.circuit.reset(change)
      yield* switches.clear(name, "forced_open", change)
      yield* switches.clear(name, "disabled", change)
    })
  }
})

const dependencyCalled = (name: string) => ({ name, of: "dependency" as const })
