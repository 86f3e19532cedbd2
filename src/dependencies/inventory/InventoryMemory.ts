/** A stock keeper in memory, by the same rules, for tests and for the shop in memory. `Shelves` is what lies on it. */
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { InventoryRefused, ReservationEnded, ReservationLost, SkuNotStocked, StockShort } from "./errors.ts"
import { Inventory, type Reservation } from "./Inventory.ts"
import { makeShelves, type Moved, type Shelves } from "./shelves.ts"

export class InventoryShelves extends Context.Service<InventoryShelves, Shelves>()(
  "holdfast/dependencies/inventory/InventoryShelves"
) {
  static readonly layer = Layer.sync(InventoryShelves, makeShelves)
}

type Moving = Effect.Effect<Reservation, StockShort | ReservationLost | ReservationEnded | InventoryRefused>

const answerOf = (orderId: string, moved: Moved): Moving => {
  switch (moved._tag) {
    case "Stands": {
      const { expiresAtMillis, state } = moved.kept
      const expiresAt = expiresAtMillis === undefined ? undefined : DateTime.makeUnsafe(expiresAtMillis)
      return Effect.succeed({ orderId, state, expiresAt })
    }
    case "Short":
      return Effect.fail(new StockShort({ orderId, shortages: moved.shortages }))
    case "Lost":
      return Effect.fail(new ReservationLost({ orderId }))
    case "Ended":
      return Effect.fail(new ReservationEnded({ orderId, outcome: moved.outcome }))
    case "OtherLines":
      return Effect.fail(new InventoryRefused({ orderId, code: "other_lines" }))
  }
}

/** By the rules, an operation fails only in its own ways. */
type Only<Tag extends string> = Effect.Effect<Reservation, Extract<Effect.Error<Moving>, { readonly _tag: Tag }>>

export const InventoryMemory = {
  /** Brings the shelves that the goods lie on. */
  layer: Layer.effect(
    Inventory,
    Effect.map(InventoryShelves, (shelves) => {
      const at = (orderId: string, move: (nowMillis: number) => Moved) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => answerOf(orderId, move(now)))
      return Inventory.of({
        level: Effect.fnUntraced(function* (sku) {
          const available = shelves.available(sku, yield* Clock.currentTimeMillis)
          if (available === undefined) return yield* new SkuNotStocked({ sku })
          return { sku, available, source: "live" as const, asOf: yield* DateTime.now }
        }),
        reserve: (orderId, lines) =>
          at(orderId, (now) => shelves.reserve(orderId, lines, now)) as Only<
            "StockShort" | "ReservationEnded" | "InventoryRefused"
          >,
        hold: (orderId) =>
          at(orderId, (now) => shelves.hold(orderId, now)) as Only<"ReservationLost" | "ReservationEnded">,
        commit: (orderId) =>
          at(orderId, (now) => shelves.commit(orderId, now)) as Only<"ReservationLost" | "ReservationEnded">,
        release: (orderId) => at(orderId, () => shelves.release(orderId)) as Only<"ReservationEnded">,
        restock: (orderId) =>
          at(orderId, () => shelves.restock(orderId)) as Only<"ReservationLost" | "ReservationEnded">
      })
    })
  ).pipe(Layer.provideMerge(InventoryShelves.layer))
}
