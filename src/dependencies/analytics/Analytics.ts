/**
 * Analytics: what happened in the shop, for whoever counts it. Told after it is durable, and never waited for.
 *
 * `track` neither fails nor waits, and nobody notices when there is nobody to tell. An event that cannot be kept is dropped
 * and counted. Events carry ids and names of facts: no address, no name, no amount of money that a person spent.
 */
import { Context, Effect } from "effect"

/** The feature that an operator switches off to have nothing counted: what happens meanwhile is dropped, and counted here. */
export const counting = "analytics"

export interface AnalyticsEvent {
  /** A fact, like `order_confirmed`. */
  readonly name: string
  /** The id of the order or user that it is about. */
  readonly about: string
}

export interface AnalyticsService {
  readonly track: (event: AnalyticsEvent) => Effect.Effect<void>
}

/** Off unless a layer says otherwise. */
export const Analytics = Context.Reference<AnalyticsService>("holdfast/dependencies/analytics/Analytics", {
  defaultValue: () => ({ track: () => Effect.void })
})
