/**
 * The shelf in memory: what the catalogue shows of it and what orders take from it are one, as they are in the database.
 *
 * `available` is what is on hand and not reserved. For tests and for the shop in memory.
 */
import { Context, Layer } from "effect"

export interface Shelf {
  onHand: number
  reserved: number
}

export class StockMemory extends Context.Service<StockMemory, Map<string, Shelf>>()("holdfast/catalog/StockMemory") {
  static readonly layer = Layer.sync(StockMemory, () => new Map<string, Shelf>())
}
