/**
 * What an order's steps ask of the payment provider, and what its answers say about them.
 *
 * What was sent before is asked about first: the provider may have moved on since, and a repeated key only ever gets the
 * first answer again. Only when the payment shows nothing yet is it sent again, under the same key.
 */
import { Clock, Effect } from "effect"
import type { PaymentReference } from "../dependencies/payments/Payment.ts"
import type { Payments } from "../dependencies/payments/Payments.ts"
import { persisted } from "../resilience/index.ts"
import { reachOrderPoint } from "./crashPoints.ts"
import { type NextStep, operationKey } from "./OrderStore.ts"
import { declined, ofPayment, ofRefund } from "./providerAnswers.ts"
import type { OperationRef, SagaRecord } from "./sagaRecord.ts"

type Sent = Extract<NextStep, { _tag: "Send" }>
type Asked = Extract<NextStep, { _tag: "Ask" }>

export const payingFor = (payments: Payments["Service"], returnUrl: string) => {
  const ask = (record: SagaRecord, ref: OperationRef) => {
    const said = Effect.andThen(reachOrderPoint("ask.before"), looked(record, ref))
    return Effect.tap(said, reachOrderPoint("ask.after"))
  }
  const looked = Effect.fnUntraced(function* (record: SagaRecord, ref: OperationRef) {
    const { paymentId, ...expected } = referenceOf(record)
    if (ref.operation === "refund") {
      const key = operationKey(record.orderId, ref)
      const refunds = yield* payments.refundsOf(paymentId)
      return ofRefund(refunds.find((refund) => refund.key === key))
    }
    const payment = yield* payments.retrieve(paymentId, expected)
    // Nothing new: the customer has still to act.
    if (record.status === "requires_action" && payment.status === "requires_action") return undefined
    return ofPayment(ref.operation, payment, yield* Clock.currentTimeMillis)
  })

  const write = (next: Sent, payment: PaymentReference) => {
    const key = persisted(next.key)
    switch (next.operation) {
      case "create": {
        const { orderId, paymentMethod } = next.record
        return payments.create({ key, orderId, amount: payment.amount, paymentMethod })
      }
      case "confirm":
        return payments.confirm({ key, payment, returnUrl })
      case "capture":
        return payments.capture({ key, payment })
      case "cancel":
        return payments.cancel({ key, payment })
    }
    return Effect.succeed(undefined)
  }

  const send = Effect.fnUntraced(function* (next: Sent) {
    const now = yield* Clock.currentTimeMillis
    const payment = referenceOf(next.record)
    const sent =
      next.operation === "refund"
        ? Effect.map(payments.refund({ key: persisted(next.key), payment, amountCents: next.amountCents }), ofRefund)
        : Effect.map(write(next, payment), (seen) =>
            seen === undefined ? undefined : ofPayment(next.operation, seen, now)
          )
    yield* reachOrderPoint(`send.${next.operation}.before`)
    return yield* sent.pipe(
      Effect.tap(reachOrderPoint(`send.${next.operation}.after`)),
      Effect.catchTags({
        PaymentDeclined: ({ code }) => Effect.succeed(declined(code)),
        PaymentStateDiffers: ({ status }) => Effect.succeed(ofPayment(next.operation, { status }, now)),
        // All that a new payment names is the customer's card: one that the provider does not know pays for nothing.
        PaymentRefused: (refusal) =>
          next.operation === "create" && refusal.code === "resource_missing"
            ? Effect.succeed(declined("declined"))
            : Effect.fail(refusal)
      })
    )
  })

  return {
    /** The answer to take back; none when there is nothing certain to say yet. */
    settle: Effect.fnUntraced(function* (next: Sent | Asked) {
      if (next._tag === "Ask") return yield* ask(next.record, next)
      const known = next.repeated && next.record.providerId !== undefined ? yield* ask(next.record, next) : undefined
      return known ?? (yield* send(next))
    }),
    /** The payment of an order whose id and key are both of no use any more. */
    search: Effect.fnUntraced(function* ({ record }: { readonly record: SagaRecord }) {
      const [found] = yield* payments.findByOrder(record.orderId)
      return found === undefined ? ({ _tag: "NotFound" } as const) : ofPayment("create", found, 0)
    })
  }
}

const referenceOf = (record: SagaRecord): PaymentReference => ({
  paymentId: record.providerId ?? "",
  orderId: record.orderId,
  amount: { amountCents: record.totalCents, currency: record.currency }
})
