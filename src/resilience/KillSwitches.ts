/**
 * What operators have ordered: a dependency or a feature switched off, a circuit held open or taken out.
 *
 * Every order names its actor and reason and says when it ends; `until: undefined` means until it is cleared, and whoever
 * watches operations should ask about one older than a day. Reading never waits: what is in force is held in memory.
 * `layerMemory` keeps orders in this process only; a shared store provides the same service over a `Switchboard`.
 */
import { Clock, Context, Duration, Effect, Layer, type Scope } from "effect"
import { FeatureDisabled } from "./errors.ts"
import { type Order, type Override, overrideOf, type OverrideKind } from "./overrides.ts"
import { type Listener, Switchboard } from "./Switchboard.ts"

export class KillSwitches extends Context.Service<
  KillSwitches,
  {
    /** Puts an order in force, in place of an earlier one of its kind. */
    readonly set: (target: string, kind: OverrideKind, order: Order) => Effect.Effect<Override>
    /** Ends an order before its time; nothing happens when there is none. */
    readonly clear: (target: string, kind: OverrideKind, by: Pick<Order, "actor" | "reason">) => Effect.Effect<void>
    /** What is in force for a target at this wall clock time. Synchronous: asked before calls. */
    readonly active: (target: string, wallMillis: number) => ReadonlyArray<Override>
    /** Everything in force. */
    readonly list: Effect.Effect<ReadonlyArray<Override>>
    /** Calls the listener now and after every change of a target, until the scope closes. */
    readonly watch: (target: string, listener: Listener) => Effect.Effect<void, never, Scope.Scope>
  }
>()("holdfast/resilience/KillSwitches") {
  static readonly make = Effect.sync(() => {
    const board = new Switchboard()
    return KillSwitches.of({
      set: Effect.fn("KillSwitches.set")(function* (target, kind, order) {
        const override = overrideOf(target, kind, order, yield* Clock.currentTimeMillis, true)
        board.put(override)
        yield* logChange("An operator's order is in force.", override)
        return override
      }),
      clear: Effect.fn("KillSwitches.clear")(function* (target, kind, by) {
        if (board.remove(target, kind)) yield* logChange("An operator's order was ended.", { target, kind, ...by })
      }),
      active: board.active,
      list: Effect.map(Clock.currentTimeMillis, board.all),
      watch: board.watch
    })
  })

  static readonly layerMemory = Layer.effect(KillSwitches, KillSwitches.make)
}

/** Nobody knows when an operator ends an order without an end; this is when asking again costs little. */
export const indefiniteRetryAfterMs = 30_000

const logChange = (message: string, order: Pick<Override, "target" | "kind" | "actor" | "reason">) =>
  Effect.annotateLogs(Effect.logWarning(message), {
    "feature_flag.key": order.target,
    "feature_flag.variant": order.kind,
    actor: order.actor,
    reason: order.reason
  })

/** Fails while the feature is switched off. Ask before anything durable happens. */
export const whenEnabled = Effect.fnUntraced(function* (
  feature: string
): Effect.fn.Return<void, FeatureDisabled, KillSwitches> {
  const switches = yield* KillSwitches
  const now = yield* Clock.currentTimeMillis
  const off = switches.active(feature, now).find((override) => override.kind === "off")
  if (off === undefined) return
  const waitMs = off.until === undefined ? indefiniteRetryAfterMs : off.until - now
  return yield* Effect.fail(new FeatureDisabled(feature, Duration.millis(Math.max(1, waitMs))))
})
