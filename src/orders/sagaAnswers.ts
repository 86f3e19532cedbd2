/**
 * What an answer of the provider changes in an order's record. Pure, as the machine is.
 *
 * An answer that no longer fits the record changes nothing. One that ends the payment closes whatever was still
 * unanswered: the provider refuses, from then on, what may still be on its way there.
 */
import * as Goods from "./goods.ts"
import type { OrderStatus } from "./Order.ts"
import { isOfStock, stateOf } from "./sagaRecord.ts"
import type { Answer, Change, OperationRef, OperationState, PaymentRef, SagaRecord } from "./sagaRecord.ts"

/** The provider's search lags: only two empty answers, this far apart, say that there is no payment. */
export const searchLagMillis = 600_000

const to = (status: OrderStatus): Change => ({ _tag: "Status", status })

export const record = (
  known: SagaRecord,
  { operation, seq }: OperationRef,
  answer: Answer,
  nowMillis: number
): ReadonlyArray<Change> =>
  isOfStock(operation)
    ? Goods.answered(known, operation, answer)
    : ofProvider(known, { operation, seq }, answer, nowMillis)

const ofProvider = (known: SagaRecord, ref: PaymentRef, answer: Answer, nowMillis: number): ReadonlyArray<Change> => {
  const { operation } = ref
  const awaited = stateOf(known, ref) === "sent" || (operation === "confirm" && known.status === "requires_action")
  if (!awaited) return []
  const settled = (state: Exclude<OperationState, "sent">, of: PaymentRef = ref): Change => ({
    _tag: "Settle",
    operation: of.operation,
    seq: of.seq,
    state,
    answer
  })
  /** Everything else that waits for an answer will never take effect any more. */
  const closed = (["confirm", "capture", "cancel"] as const).flatMap((other) =>
    other !== operation && known.operations[other] === "sent" ? [settled("closed", { operation: other, seq: 0 })] : []
  )
  const over = (status: Change): ReadonlyArray<Change> => [...closed, ...Goods.release(known), status]
  switch (answer._tag) {
    case "Created":
      return [settled("succeeded"), { _tag: "ProviderId", providerId: answer.providerId }]
    case "NotFound":
      if (known.searchedEmptyAtMillis === undefined) return [{ _tag: "SearchedEmpty" }]
      return nowMillis - known.searchedEmptyAtMillis < searchLagMillis ? [] : [settled("closed")]
    case "Authorized":
      return known.status === "requires_action" ? [settled("succeeded"), to("reserved")] : [settled("succeeded")]
    case "RequiresAction":
      return known.status === "requires_action" ? [] : [settled("closed"), to("requires_action")]
    case "Declined":
      if (operation === "cancel") return [settled("closed"), ...over(to("cancelled"))]
      return [
        settled("refused"),
        ...over({ _tag: "Status", status: "failed", failure: { code: "payment_declined", reason: answer.reason } })
      ]
    case "Captured":
      return operation === "cancel" ? [settled("refused"), ...taken(known, settled)] : [settled("succeeded")]
    case "Cancelled":
      return [settled(operation === "cancel" ? "succeeded" : "closed"), ...over(to("cancelled"))]
    case "Refunded":
      return [settled("succeeded")]
    case "RefundRefused":
      return [settled("refused")]
    default:
      return []
  }
}

/** The capture was faster than the wish to cancel: the money was taken, so it was authorised as well. */
const taken = (known: SagaRecord, settled: (state: "succeeded", of: PaymentRef) => Change): ReadonlyArray<Change> =>
  (["confirm", "capture"] as const).flatMap((operation) =>
    known.operations[operation] === "succeeded" ? [] : [settled("succeeded", { operation, seq: 0 })]
  )
