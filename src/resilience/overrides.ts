/**
 * An operator's order, and what it becomes while it is in force.
 */
import { Duration } from "effect"

/** `off`: calls are refused, or served their fallback. The other two are the circuit's alone. */
export type OverrideKind = "off" | "forced_open" | "disabled"

export interface Override {
  /** The name of a dependency or a feature. */
  readonly target: string
  readonly kind: OverrideKind
  readonly actor: string
  readonly reason: string
  /** Wall clock, milliseconds. */
  readonly since: number
  /** Wall clock, milliseconds; undefined: until it is cleared. */
  readonly until: number | undefined
  /** False while it is known to this process only. */
  readonly persisted: boolean
}

/** An operator's order. */
export interface Order {
  readonly actor: string
  readonly reason: string
  /** Absent: until it is cleared. */
  readonly expiresIn?: Duration.Input
}

/** The order as it is stored and shown. */
export const overrideOf = (
  target: string,
  kind: OverrideKind,
  order: Order,
  nowMillis: number,
  persisted: boolean
): Override => ({
  target,
  kind,
  actor: order.actor,
  reason: order.reason,
  since: nowMillis,
  until:
    order.expiresIn === undefined
      ? undefined
      : nowMillis + Duration.toMillis(Duration.fromInputUnsafe(order.expiresIn)),
  persisted
})

export const isInForce = (override: Override, wallMillis: number): boolean =>
  override.until === undefined || wallMillis < override.until
