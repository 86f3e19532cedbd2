/**
 * A stock keeper in memory with a line to it that fails: `choose` says for each call what happens to it.
 *
 * `lost` never arrives, but nobody can know that; `unheard` takes effect, and its answer is lost; `refused` provably
 * never left. `late` seems lost, and arrives after all, behind the next call that arrives. Levels are always heard.
 */
import { Context, Duration, Effect, Layer } from "effect"
import { Inventory } from "../../src/dependencies/inventory/Inventory.ts"
import { InventoryMemory, InventoryShelves } from "../../src/dependencies/inventory/InventoryMemory.ts"
import type { StockOperation } from "../../src/orders/sagaRecord.ts"
import { DependencyUnavailable } from "../../src/resilience/index.ts"

export type StockFault = "none" | "lost" | "unheard" | "refused" | "late"

const unavailable = (fault: Exclude<StockFault, "none">) =>
  new DependencyUnavailable(
    "inventory",
    fault === "refused" ? "CircuitOpen" : "Exhausted",
    fault === "refused" ? "no" : "maybe",
    fault === "refused" ? 0 : 1,
    Duration.millis(500),
    undefined
  )

export const faultyInventory = (choose: (call: StockOperation, orderId: string) => Effect.Effect<StockFault>) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const inner = yield* Inventory
      let underWay: Array<Effect.Effect<unknown>> = []
      const arrive = Effect.suspend(() => {
        const arriving = underWay
        underWay = []
        return Effect.all(arriving, { discard: true })
      })
      const through = <A, E>(call: StockOperation, orderId: string, work: Effect.Effect<A, E>) =>
        Effect.flatMap(choose(call, orderId), (fault): Effect.Effect<A, E | DependencyUnavailable> => {
          if (fault === "none") return Effect.ensuring(work, arrive)
          const failed = Effect.fail(unavailable(fault))
          if (fault === "late") underWay.push(Effect.exit(work))
          return fault === "unheard" ? Effect.andThen(Effect.exit(work), failed) : failed
        })
      return Context.make(
        Inventory,
        Inventory.of({
          level: inner.level,
          reserve: (orderId, lines) => through("reserve", orderId, inner.reserve(orderId, lines)),
          hold: (orderId) => through("hold", orderId, inner.hold(orderId)),
          commit: (orderId) => through("commit", orderId, inner.commit(orderId)),
          release: (orderId) => through("release", orderId, inner.release(orderId)),
          restock: (orderId) => through("restock", orderId, inner.restock(orderId))
        })
      ).pipe(Context.add(InventoryShelves, yield* InventoryShelves))
    })
  ).pipe(Layer.provide(InventoryMemory.layer))
