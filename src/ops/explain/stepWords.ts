/** What the machine of an order does next, in words for a person who waits with it. */
import type { Decision } from "../../orders/saga.ts"
import { isOfStock, type OperationRef, type SagaRecord, stateOf } from "../../orders/sagaRecord.ts"

const sentences: Readonly<Record<OperationRef["operation"], readonly [first: string, again: string]>> = {
  create: ["its payment is made at the provider", "its payment is made again under its first key"],
  confirm: [
    "its payment is confirmed",
    "the payment is asked about again, and confirmed under its first key if nothing happened"
  ],
  capture: [
    "its money is taken",
    "the payment is asked about again, and taken under its first key if nothing happened"
  ],
  cancel: [
    "its payment is cancelled",
    "the payment is asked about again, and cancelled under its first key if it stands"
  ],
  refund: [
    "its money is given back",
    "the refund is asked about again, and sent under its first key if nothing happened"
  ],
  reserve: ["its goods are reserved at the stock keeper", "the stock keeper is asked for its goods again"],
  hold: ["its goods are held at the stock keeper", "the stock keeper is asked to hold its goods again"],
  commit: ["the stock keeper is told of the sale", "the stock keeper is told of the sale again"],
  release: [
    "the stock keeper is told that its goods are free",
    "the stock keeper is told again that its goods are free"
  ],
  restock: [
    "the stock keeper is told that its goods are back",
    "the stock keeper is told again that its goods are back"
  ]
}

/** None when nothing more happens by itself. */
export const stepInWords = (record: SagaRecord, decision: Decision): string | undefined => {
  switch (decision._tag) {
    case "Finished":
    case "Stuck":
      return undefined
    case "Write":
      return writing(record, decision.changes)
    case "Search":
      return "the provider is searched for its payment: its key is too old to be used again"
    case "Ask":
      return record.status === "requires_action"
        ? "the provider is asked whether the customer has approved the payment"
        : `the provider is asked what became of the ${decision.operation}: its key is too old to be used again`
    case "Send":
      return sentences[decision.operation][stateOf(record, decision) === "sent" ? 1 : 0]
  }
}

const writing = (record: SagaRecord, changes: Extract<Decision, { _tag: "Write" }>["changes"]): string => {
  const marked = changes.find((change) => change._tag === "MarkSent")
  if (marked !== undefined) return sentences[marked.operation][0]
  const to = changes.findLast((change) => change._tag === "Status")
  if (to !== undefined) return `it becomes ${to.status.replaceAll("_", " ")}`
  return record.reservation === "leased" ? "its goods are held" : "its goods are reserved"
}

/** Whom the next step is sent to. */
export const dependencyOf = (decision: Decision): "payments" | "inventory" | undefined => {
  switch (decision._tag) {
    case "Search":
    case "Ask":
      return "payments"
    case "Send":
      return isOfStock(decision.operation) ? "inventory" : "payments"
    case "Write": {
      const marked = decision.changes.find((change) => change._tag === "MarkSent")
      return marked === undefined ? undefined : isOfStock(marked.operation) ? "inventory" : "payments"
    }
    default:
      return undefined
  }
}
