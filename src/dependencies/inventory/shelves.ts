/**
 * The rules of a stock keeper, on maps: what each operation does to an order's goods, decided at a moment.
 *
 * On hand is what lies on the shelf, reserved goods included; 0 <= reserved <= on hand, and on hand + committed =
 * received. A lease that is over is taken back by whoever needs its goods. What is refused changes nothing.
 */
import type { Reservation, StockLine } from "./Inventory.ts"

/** Longer than a payment may take (10 minutes), so that a lease does not end under a payment that is on its way. */
export const leaseMillis = 15 * 60 * 1000

export interface Shelf {
  onHand: number
  reserved: number
  committed: number
}

export interface Kept {
  readonly lines: ReadonlyArray<StockLine>
  readonly state: Reservation["state"]
  readonly expiresAtMillis: number | undefined
}

export interface Shortage {
  readonly sku: string
  readonly requested: number
  readonly available: number
}

export type Moved =
  | { readonly _tag: "Stands"; readonly kept: Kept }
  | { readonly _tag: "Short"; readonly shortages: ReadonlyArray<Shortage> }
  | { readonly _tag: "Lost" }
  | { readonly _tag: "Ended"; readonly outcome: "committed" | "released" | "restocked" }
  | { readonly _tag: "OtherLines" }

export interface Shelves {
  /** So many ever arrived; what has left stays away. */
  readonly receive: (sku: string, received: number) => void
  readonly shelf: (sku: string) => Readonly<Shelf> | undefined
  readonly available: (sku: string, nowMillis: number) => number | undefined
  readonly reserve: (orderId: string, lines: ReadonlyArray<StockLine>, nowMillis: number) => Moved
  readonly hold: (orderId: string, nowMillis: number) => Moved
  readonly commit: (orderId: string, nowMillis: number) => Moved
  readonly release: (orderId: string) => Moved
  readonly restock: (orderId: string) => Moved
  /** Ends a lease now, as if its time had passed. */
  readonly expire: (orderId: string) => void
}

const inOrder = (lines: ReadonlyArray<StockLine>) => lines.toSorted((a, b) => (a.sku < b.sku ? -1 : 1))
const sameLines = (one: ReadonlyArray<StockLine>, other: ReadonlyArray<StockLine>) =>
  JSON.stringify(inOrder(one).map(({ quantity, sku }) => [sku, quantity])) ===
  JSON.stringify(inOrder(other).map(({ quantity, sku }) => [sku, quantity]))

export const makeShelves = (): Shelves => {
  const shelves = new Map<string, Shelf>()
  const orders = new Map<string, Kept>()

  const move = (lines: ReadonlyArray<StockLine>, change: (shelf: Shelf, quantity: number) => void) => {
    for (const { quantity, sku } of lines) {
      const shelf = shelves.get(sku)
      if (shelf !== undefined) change(shelf, quantity)
    }
  }
  const giveBack = (lines: ReadonlyArray<StockLine>) =>
    move(lines, (shelf, quantity) => void (shelf.reserved -= quantity))

  const takeBackEnded = (nowMillis: number) => {
    for (const [orderId, { expiresAtMillis, lines, state }] of orders) {
      if (state !== "leased" || (expiresAtMillis ?? 0) > nowMillis) continue
      giveBack(lines)
      orders.delete(orderId)
    }
  }

  const stands = (orderId: string, kept: Kept): Moved => {
    orders.set(orderId, kept)
    return { _tag: "Stands", kept }
  }

  const availableNow = (sku: string): number | undefined => {
    const shelf = shelves.get(sku)
    return shelf === undefined ? undefined : shelf.onHand - shelf.reserved
  }

  const reserve: Shelves["reserve"] = (orderId, lines, nowMillis) => {
    takeBackEnded(nowMillis)
    const known = orders.get(orderId)
    if (known?.state === "released" || known?.state === "committed" || known?.state === "restocked") {
      return { _tag: "Ended", outcome: known.state }
    }
    if (known !== undefined) {
      return sameLines(known.lines, lines) ? { _tag: "Stands", kept: known } : { _tag: "OtherLines" }
    }
    const shortages = lines.flatMap(({ quantity, sku }) => {
      const available = availableNow(sku) ?? 0
      return available < quantity ? [{ sku, requested: quantity, available }] : []
    })
    if (shortages.length > 0) return { _tag: "Short", shortages }
    move(lines, (shelf, quantity) => void (shelf.reserved += quantity))
    return stands(orderId, { lines, state: "leased", expiresAtMillis: nowMillis + leaseMillis })
  }

  /** From a lease that lives, or a hold, to what comes after it. */
  const forward = (orderId: string, nowMillis: number, next: (kept: Kept) => Kept): Moved => {
    takeBackEnded(nowMillis)
    const known = orders.get(orderId)
    if (known === undefined) return { _tag: "Lost" }
    if (known.state === "released" || known.state === "restocked") return { _tag: "Ended", outcome: known.state }
    return known.state === "committed" ? { _tag: "Stands", kept: known } : stands(orderId, next(known))
  }

  return {
    receive: (sku, received) => {
      const shelf = shelves.get(sku) ?? { onHand: 0, reserved: 0, committed: 0 }
      shelves.set(sku, { ...shelf, onHand: Math.max(shelf.reserved, received - shelf.committed) })
    },
    shelf: (sku) => shelves.get(sku),
    available: (sku, nowMillis) => {
      takeBackEnded(nowMillis)
      return availableNow(sku)
    },
    reserve,
    hold: (orderId, nowMillis) =>
      forward(orderId, nowMillis, ({ lines }) => ({ lines, state: "held", expiresAtMillis: undefined })),
    commit: (orderId, nowMillis) =>
      forward(orderId, nowMillis, ({ lines }) => {
        move(lines, (shelf, quantity) => {
          shelf.reserved -= quantity
          shelf.onHand -= quantity
          shelf.committed += quantity
        })
        return { lines, state: "committed", expiresAtMillis: undefined }
      }),
    release: (orderId) => {
      const known = orders.get(orderId)
      if (known?.state === "committed" || known?.state === "restocked") return { _tag: "Ended", outcome: known.state }
      if (known?.state === "leased" || known?.state === "held") giveBack(known.lines)
      // Kept even when nothing was there: a reserve that is still on its way must find it.
      return stands(orderId, { lines: known?.lines ?? [], state: "released", expiresAtMillis: undefined })
    },
    restock: (orderId) => {
      const known = orders.get(orderId)
      if (known?.state === "released") return { _tag: "Ended", outcome: "released" }
      if (known?.state === "restocked") return { _tag: "Stands", kept: known }
      if (known?.state !== "committed") return { _tag: "Lost" }
      move(known.lines, (shelf, quantity) => {
        shelf.onHand += quantity
        shelf.committed -= quantity
      })
      return stands(orderId, { lines: known.lines, state: "restocked", expiresAtMillis: undefined })
    },
    expire: (orderId) => {
      const known = orders.get(orderId)
      if (known?.state === "leased") orders.set(orderId, { ...known, expiresAtMillis: 0 })
    }
  }
}
