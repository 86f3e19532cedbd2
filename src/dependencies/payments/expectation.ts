/**
 * Comparing an answer with what was asked. The first difference is enough to stop: the answer is about something else.
 */
import type { Money, Payment } from "./Payment.ts"

export interface Expectation {
  readonly paymentId?: string
  readonly orderId?: string
  readonly amount?: Money
}

export type Difference = "payment" | "order" | "amount" | "currency"

export const differenceFrom = (expected: Expectation, payment: Payment): Difference | undefined => {
  const { amount, orderId, paymentId } = expected
  if (paymentId !== undefined && payment.id !== paymentId) return "payment"
  if (orderId !== undefined && payment.orderId !== orderId) return "order"
  if (amount !== undefined && payment.amount.currency !== amount.currency) return "currency"
  if (amount !== undefined && payment.amount.amountCents !== amount.amountCents) return "amount"
  return undefined
}
