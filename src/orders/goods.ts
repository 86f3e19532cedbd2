/**
 * The moves of an order's goods, for the machine in `saga.ts`. Pure, as the machine is.
 *
 * Goods that are kept here move in the transaction that decides it: one change. Goods that are kept elsewhere move by
 * messages: each is marked first, sent as often as it takes, and answered. Reserving and holding wait for their answer;
 * a sale and an end stand when they are decided, and are told to the stock keeper after that. One message is under way
 * at a time: an end overtakes a reserve or a hold without an answer, which the stock keeper then refuses.
 */
import type { Decision } from "./saga.ts"
import type { Answer, Change, SagaRecord, StockOperation } from "./sagaRecord.ts"

const mark = (operation: StockOperation): Change => ({ _tag: "MarkSent", operation, seq: 0 })
const send = (operation: StockOperation): Decision => ({ _tag: "Send", operation, seq: 0 })
const write = (change: Change): Decision => ({ _tag: "Write", changes: [change] })

const message = (record: SagaRecord, operation: StockOperation): Decision =>
  record.stockSent === operation ? send(operation) : write(mark(operation))

/** Leases the goods, or ends the order. */
export const reserve = (record: SagaRecord): Decision =>
  record.keeper === "here" ? write({ _tag: "Reserve" }) : message(record, "reserve")

/** Takes the clock off the lease, or finds that it is over. */
export const hold = (record: SagaRecord): Decision =>
  record.keeper === "here" ? write({ _tag: "Hold" }) : message(record, "hold")

/** The goods are sold. */
export const commit = (record: SagaRecord): Change =>
  record.keeper === "here" ? { _tag: "CommitStock" } : mark("commit")

/**
 * The goods are for others again. Also when their lease was lost: the hold that found it so may have been sent twice,
 * and would hold what a late reserve still takes. Only who never got a lease has nothing to release: a late reserve's
 * lease ends by itself.
 */
export const release = (record: SagaRecord): ReadonlyArray<Change> => {
  if (record.keeper === "here") return [{ _tag: "ReleaseStock" }]
  return record.stockSent !== undefined || record.reservation !== "none" ? [mark("release")] : []
}

/** Sold goods that never left the house are for others again. Elsewhere that waits for the sale's own answer. */
export const restock = (record: SagaRecord): ReadonlyArray<Change> =>
  record.keeper === "here" && isToRestock(record) ? [{ _tag: "Restock" }] : []

const isToRestock = ({ fulfilled, reservation }: SagaRecord): boolean => reservation === "committed" && !fulfilled

/** What the stock keeper elsewhere has still to be told of an order that is over. */
export const afterTheEnd = (record: SagaRecord): Decision => {
  if (record.stockSent !== undefined) return send(record.stockSent)
  return record.keeper === "elsewhere" && record.status === "refunded" && isToRestock(record)
    ? write(mark("restock"))
    : { _tag: "Finished" }
}

const becomes = {
  reserve: "leased",
  hold: "held",
  commit: "committed",
  release: "released",
  restock: "restocked"
} as const satisfies Record<StockOperation, SagaRecord["reservation"]>

/** What an answer of the stock keeper elsewhere changes. One to something else than was sent last changes nothing. */
export const answered = (known: SagaRecord, operation: StockOperation, answer: Answer): ReadonlyArray<Change> => {
  if (known.stockSent !== operation) return []
  switch (answer._tag) {
    case "StockMoved":
      return [{ _tag: "StockAnswered", reservation: becomes[operation] }]
    case "StockLost":
      return [{ _tag: "StockAnswered", reservation: "lost" }]
    case "StockShort": {
      const { reservation } = known
      return [
        { _tag: "StockAnswered", reservation },
        ...release({ ...known, stockSent: undefined }),
        { _tag: "Status", status: "failed", failure: { code: "insufficient_stock", lines: answer.lines } }
      ]
    }
    default:
      return []
  }
}
