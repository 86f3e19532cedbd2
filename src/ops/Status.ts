/**
 * What a shop's front end should know of this node: what is degraded, since when, and what to show.
 *
 * From memory, so it is answered with everything down. A feature is in it once, by what limits it most: an operator's
 * switch, then the database, then a provider.
 */
import { Context, DateTime, Effect, Layer, Option } from "effect"
import { LastGoodCatalogue } from "../catalog/LastGoodCatalogue.ts"
import { productsShownFor } from "../catalog/policy.ts"
import { recommending } from "../catalog/Suggestions.ts"
import { DatabaseHealth } from "../database/DatabaseHealth.ts"
import { checkout } from "../orders/Orders.ts"
import { Dependencies, KillSwitches } from "../resilience/index.ts"
import { signingUp } from "../users/Users.ts"
import { type Mode, type Notice, words } from "./notices.ts"
import { WritesWhileDown } from "./WritesWhileDown.ts"

export class Status extends Context.Service<
  Status,
  {
    /** By feature. None: all is well. */
    readonly notices: Effect.Effect<ReadonlyArray<Notice>>
  }
>()("holdfast/ops/Status") {
  static readonly layer = Layer.effect(
    Status,
    Effect.gen(function* () {
      const database = yield* DatabaseHealth
      const dependencies = yield* Dependencies
      const switches = yield* KillSwitches
      const catalogue = yield* LastGoodCatalogue
      const writes = yield* Effect.serviceOption(WritesWhileDown)

      const ofSwitches = Effect.map(switches.list, (orders) =>
        orders.flatMap(({ kind, since, target, until }): ReadonlyArray<Notice> => {
          if (kind !== "off" || !shownWhenOff.has(target)) return []
          const ends = until === undefined ? {} : { until: DateTime.makeUnsafe(until) }
          return [{ ...notice(target, "off", DateTime.makeUnsafe(since)), ...ends }]
        })
      )

      const ofDatabase = Effect.gen(function* () {
        const status = yield* database.status
        if (status.up && !status.readOnly) return []
        const { since } = status
        const usable = Option.isSome(writes) && (yield* writes.value.usable)
        const taken: Mode = usable ? "deferred" : "unavailable"
        const writing = [notice(checkout, taken, since), notice(signingUp, taken, since), unavailable("log_in", since)]
        if (status.up) return [...writing, unavailable("order_changes", since)]
        const known = Option.isSome(yield* catalogue.within(productsShownFor))
        return [
          ...writing,
          notice("catalogue", known ? "last_good" : "unavailable", since),
          notice("account", "last_good", since),
          unavailable("orders", since)
        ]
      })

      const ofProviders = Effect.gen(function* () {
        const now = yield* DateTime.now
        return (yield* dependencies.snapshot).flatMap((dependency) => {
          const limited = byDependency.get(dependency.name)
          const well = dependency.state === "closed" && !dependency.switchedOff
          if (limited === undefined || well) return []
          const [feature, mode] = limited
          return [notice(feature, mode, DateTime.subtract(now, { milliseconds: dependency.stateMillis }))]
        })
      })

      const notices = Effect.gen(function* () {
        const all = [...(yield* ofSwitches), ...(yield* ofDatabase), ...(yield* ofProviders)]
        const byFeature = new Map<string, Notice>()
        for (const each of all) if (!byFeature.has(each.feature)) byFeature.set(each.feature, each)
        return [...byFeature.values()].sort((one, other) => (one.feature < other.feature ? -1 : 1))
      })
      return Status.of({ notices })
    })
  )
  /** All is well: for a shop in memory, where nothing can be away. */
  static readonly layerWell = Layer.succeed(Status, { notices: Effect.succeed([]) })
}

/** Features whose switch a shopper may notice, or asks about. */
const shownWhenOff: ReadonlySet<string> = new Set([checkout, signingUp, recommending, "analytics", "email"])

/** What a dependency that is away means to a shopper; the others mean nothing to one. */
const byDependency: ReadonlyMap<string, readonly [feature: string, mode: Mode]> = new Map([
  ["catalogue", ["catalogue", "last_good"]],
  ["accounts", ["account", "last_good"]],
  ["payments", ["payments", "delayed"]],
  ["inventory", ["stock", "last_good"]],
  ["recommendations", ["recommendations", "last_good"]],
  ["email", ["email", "delayed"]],
  ["redis", ["rate_limits", "local"]]
])

const notice = (feature: string, mode: Mode, since: DateTime.Utc): Notice => ({
  feature,
  mode,
  since,
  message: words(feature, mode)
})
const unavailable = (feature: string, since: DateTime.Utc) => notice(feature, "unavailable", since)
