/**
 * What a payment or a refund, as the provider shows it, says about one operation of an order.
 *
 * Nothing is guessed: a state from which the operation may still take effect says nothing yet.
 */
import type { Payment, PaymentStatus, Refund } from "../dependencies/payments/Payment.ts"
import { actionDeadlineMillis } from "./saga.ts"
import type { Answer, Operation } from "./sagaRecord.ts"

export const declined = (reason: Extract<Answer, { _tag: "Declined" }>["reason"]): Answer => ({
  _tag: "Declined",
  reason
})

type Seen = { readonly status: PaymentStatus } & Partial<Pick<Payment, "id" | "decline" | "nextAction">>

export const ofPayment = (operation: Operation, payment: Seen, nowMillis: number): Answer | undefined => {
  if (operation === "refund") return undefined
  if (operation === "create") return payment.id === undefined ? undefined : { _tag: "Created", providerId: payment.id }
  switch (payment.status) {
    case "authorized":
      return operation === "confirm" ? { _tag: "Authorized" } : undefined
    case "captured":
      return { _tag: operation === "confirm" ? "Authorized" : "Captured" }
    case "requires_action":
      return operation === "confirm"
        ? {
            _tag: "RequiresAction",
            url: payment.nextAction?.url ?? "",
            expiresAtMillis: nowMillis + actionDeadlineMillis
          }
        : undefined
    case "declined":
      return operation === "capture" ? undefined : declined(payment.decline ?? "declined")
    case "canceled":
      return { _tag: "Cancelled" }
    default:
      return undefined
  }
}

export const ofRefund = (refund: Refund | undefined): Answer | undefined => {
  if (refund === undefined || refund.status === "pending") return undefined
  return { _tag: refund.status === "succeeded" ? "Refunded" : "RefundRefused" }
}
