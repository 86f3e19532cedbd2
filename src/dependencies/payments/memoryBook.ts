/**
 * The books of the memory layer: payments by id, refunds, and the ledger of what moved.
 *
 * Payments are immutable; a change puts a new one in its place and writes the money it moved.
 */
import type { Money, Payment, Refund } from "./Payment.ts"
import type { TestMethod } from "./testMethods.ts"

export interface PaymentMovement {
  readonly type: "authorized" | "captured" | "canceled" | "refunded"
  readonly paymentId: string
  readonly orderId: string | undefined
  readonly amount: Money
}

/** What the provider knows besides what it shows. */
export interface BookedPayment {
  readonly payment: Payment
  readonly method: TestMethod
  readonly createdSeconds: number
  readonly refundedCents: number
}

export class MemoryBook {
  readonly payments = new Map<string, BookedPayment>()
  readonly refunds: Array<Refund> = []
  readonly ledger: Array<PaymentMovement> = []

  /** `decline` and `nextAction` belong to a status, so a new status starts without them. */
  put(booked: BookedPayment, change: Partial<Payment>): Payment {
    const { decline: _decline, nextAction: _nextAction, ...lasting } = booked.payment
    const payment: Payment = { ...lasting, ...change }
    this.payments.set(payment.id, { ...booked, payment })
    return payment
  }

  move(type: PaymentMovement["type"], { amount, id, orderId }: Payment, amountCents: number) {
    if (amountCents === 0) return
    this.ledger.push({ type, paymentId: id, orderId, amount: { amountCents, currency: amount.currency } })
  }

  hold(booked: BookedPayment): Payment {
    const { amountCents } = booked.payment.amount
    const held = this.put(booked, { status: "authorized", authorizedCents: amountCents })
    this.move("authorized", held, amountCents)
    return held
  }

  capture(booked: BookedPayment): Payment {
    const { amountCents } = booked.payment.amount
    const taken = this.put(booked, { status: "captured", capturedCents: amountCents })
    this.move("captured", taken, amountCents)
    return taken
  }

  cancel(booked: BookedPayment): Payment {
    const ended = this.put(booked, { status: "canceled", authorizedCents: 0 })
    this.move("canceled", ended, booked.payment.authorizedCents)
    return ended
  }

  refund(booked: BookedPayment, refund: Refund): Refund {
    const refundedCents = booked.refundedCents + refund.amount.amountCents
    this.payments.set(booked.payment.id, { ...booked, refundedCents })
    this.refunds.push(refund)
    this.move("refunded", booked.payment, refund.amount.amountCents)
    return refund
  }
}
