/**
 * Inventory: goods that are kept by somebody else, set aside for an order, and taken or given back.
 *
 * An order's goods are leased (they come back by themselves after 15 minutes), held (no clock any more: from the moment
 * at which money may be charged), and then committed or released. Committed goods can be restocked. Everything is idempotent by the order's id, so a lost
 * answer is met by asking again. A release is final even when nothing was ever reserved: a reserve that was on its way
 * meanwhile finds it and is refused.
 */
import { Context } from "effect"
import type { DateTime, Effect } from "effect"
import type { DependencyUnavailable } from "../../resilience/index.ts"
import type { InventoryRefused, ReservationEnded, ReservationLost, SkuNotStocked, StockShort } from "./errors.ts"

/** A SKU stands in one line: the caller has added its quantities up. */
export interface StockLine {
  readonly sku: string
  readonly quantity: number
}

/** `available` is null when nobody could be asked and nothing was known: then the reservation decides. */
export interface StockReading {
  readonly sku: string
  readonly available: number | null
  readonly source: "live" | "cache" | "default"
  readonly asOf: DateTime.Utc
}

export interface Reservation {
  readonly orderId: string
  readonly state: "leased" | "held" | "committed" | "released" | "restocked"
  /** Only of a lease. */
  readonly expiresAt: DateTime.Utc | undefined
}

/** What any operation may answer instead. */
export type InventoryFailure = InventoryRefused | DependencyUnavailable

export class Inventory extends Context.Service<
  Inventory,
  {
    /** Never fails for want of an answer: then it is an older one, or a guess. */
    readonly level: (sku: string) => Effect.Effect<StockReading, SkuNotStocked>
    /** All lines or nothing. Repeated, it answers what stands; other lines for the same order are refused. */
    readonly reserve: (
      orderId: string,
      lines: ReadonlyArray<StockLine>
    ) => Effect.Effect<Reservation, StockShort | ReservationEnded | InventoryFailure>
    readonly hold: (
      orderId: string
    ) => Effect.Effect<Reservation, ReservationLost | ReservationEnded | InventoryFailure>
    /** The goods leave the shelf. */
    readonly commit: (
      orderId: string
    ) => Effect.Effect<Reservation, ReservationLost | ReservationEnded | InventoryFailure>
    /** The goods are for others again. */
    readonly release: (orderId: string) => Effect.Effect<Reservation, ReservationEnded | InventoryFailure>
    /** Committed goods that never left the house are for others again. */
    readonly restock: (
      orderId: string
    ) => Effect.Effect<Reservation, ReservationLost | ReservationEnded | InventoryFailure>
  }
>()("holdfast/dependencies/inventory/Inventory") {}
