/**
 * A stock keeper elsewhere, for the complete search: the goods of one order there, what a message does to them when it
 * arrives, however late, and what it is answered. Its lease ends by itself, at any time.
 */
import type { Answer, StockOperation } from "../../src/orders/sagaRecord.ts"

export type Goods = "none" | "leased" | "held" | "committed" | "released" | "restocked"

export interface KeeperRules {
  /** A release is remembered, also of what is not there: a reserve that comes after it is refused. */
  readonly tombstone: boolean
}

export interface Arrival {
  readonly goods: Goods
  readonly answer: Answer | undefined
  /** What should never be asked of it. */
  readonly wrong?: string
}

const moved = (goods: Goods): Arrival => ({ goods, answer: { _tag: "StockMoved" } })
const short = (goods: Goods): Arrival => ({ goods, answer: { _tag: "StockShort", lines: [] } })
const lost: Arrival = { goods: "none", answer: { _tag: "StockLost" } }
const contradicted = (goods: Goods, wrong: string): Arrival => ({ goods, answer: undefined, wrong })

/** Everything that can come of it: a reserve may find too little. */
export const arrivedAtKeeper = (
  goods: Goods,
  operation: StockOperation,
  rules: KeeperRules
): ReadonlyArray<Arrival> => {
  switch (operation) {
    case "reserve":
      if (goods === "none") return [moved("leased"), short("none")]
      return [goods === "leased" || goods === "held" ? moved(goods) : short(goods)]
    case "hold":
      if (goods === "none") return [lost]
      return [goods === "leased" || goods === "held" ? moved("held") : short(goods)]
    case "commit":
      // A repeat that comes this late is refused, and nobody hears of it.
      if (goods === "restocked") return [{ goods, answer: undefined }]
      return [
        goods === "none" || goods === "released"
          ? contradicted(goods, "sold goods that are not there")
          : moved("committed")
      ]
    case "release":
      if (goods === "committed" || goods === "restocked") return [contradicted(goods, "released what was sold")]
      return [moved(goods === "none" && !rules.tombstone ? "none" : "released")]
    case "restock":
      return [
        goods === "committed" || goods === "restocked"
          ? moved("restocked")
          : contradicted(goods, "restocked what was not sold")
      ]
  }
}
