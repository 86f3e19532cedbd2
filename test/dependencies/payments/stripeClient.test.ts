/**
 * The provider's own client, pointed at the sandbox, behaves as our adapter does: the same contract, so the sandbox
 * speaks the provider's language and the adapter reads it rightly.
 */
import { Effect, Layer, Option, Redacted } from "effect"
import { Stripe } from "stripe"
import { declineCode } from "../../../src/dependencies/payments/classify.ts"
import {
  PaymentDeclined,
  PaymentKeyReused,
  PaymentMismatch,
  PaymentRefused,
  PaymentStateDiffers
} from "../../../src/dependencies/payments/errors.ts"
import type { PaymentOperation } from "../../../src/dependencies/payments/errors.ts"
import { differenceFrom } from "../../../src/dependencies/payments/expectation.ts"
import type { Expectation } from "../../../src/dependencies/payments/expectation.ts"
import type { Payment } from "../../../src/dependencies/payments/Payment.ts"
import { Payments } from "../../../src/dependencies/payments/Payments.ts"
import { apiVersion } from "../../../src/dependencies/payments/policy.ts"
import { readPayment, readPayments, readRefund, readRefunds } from "../../../src/dependencies/payments/stripeObjects.ts"
import { Sandbox } from "../../../src/sandbox/Sandbox.ts"
import { sandboxForTests } from "../../sandbox/sandboxForTests.ts"
import { paymentsContract } from "./contract.ts"
import { sandboxSide } from "./sandboxSide.ts"

interface PaymentPage {
  readonly payments: ReadonlyArray<Payment>
  readonly hasMore: boolean
}
type Failure = PaymentDeclined | PaymentKeyReused | PaymentStateDiffers | PaymentRefused

/** The client's errors in the shop's words. */
const failure = (operation: PaymentOperation, paymentId: string, error: unknown): Failure => {
  if (!(error instanceof Stripe.errors.StripeError)) return new PaymentRefused({ operation, code: "not_answered" })
  if (error instanceof Stripe.errors.StripeIdempotencyError) return new PaymentKeyReused({ operation })
  if (error instanceof Stripe.errors.StripeCardError)
    return new PaymentDeclined({ paymentId, code: declineCode(error.decline_code ?? error.code) })
  const about = readPayment(error.payment_intent)
  if (error.code === "payment_intent_unexpected_state" && Option.isSome(about))
    return new PaymentStateDiffers({ paymentId, operation, status: about.value.status })
  return new PaymentRefused({ operation, code: error.code ?? "invalid_request_error" })
}

/** The contract's errors are narrower for each operation than what one function can say; a wrong one fails the contract. */
const asking = <A, E>(
  operation: PaymentOperation,
  paymentId: string,
  ask: () => Promise<unknown>,
  read: (body: unknown) => Option.Option<A>
) =>
  Effect.tryPromise({ try: ask, catch: (error) => failure(operation, paymentId, error) as E }).pipe(
    Effect.map((body) => Option.getOrThrow(read(JSON.parse(JSON.stringify(body)))))
  )

const expecting = (operation: PaymentOperation, expected: Expectation) =>
  Effect.flatMap((payment: Payment) => {
    const differs = differenceFrom(expected, payment)
    return differs === undefined ? Effect.succeed(payment) : Effect.fail(new PaymentMismatch({ operation, differs }))
  })

const payments = Effect.gen(function* () {
  const { baseUrl, secretKey } = yield* Sandbox
  const { hostname, port } = new URL(baseUrl)
  const stripe = new Stripe(Redacted.value(secretKey), {
    apiVersion,
    host: hostname,
    port,
    protocol: "http",
    telemetry: false
  })
  return Payments.of({
    create: ({ amount, key, orderId, paymentMethod }) =>
      asking(
        "create",
        "",
        () =>
          stripe.paymentIntents.create(
            {
              amount: amount.amountCents,
              currency: amount.currency.toLowerCase(),
              capture_method: "manual",
              confirm: false,
              payment_method: paymentMethod,
              allowed_payment_method_types: ["card"],
              metadata: { order_id: orderId, operation_key: key }
            },
            { idempotencyKey: key }
          ),
        readPayment
      ),
    confirm: ({ key, payment: { paymentId }, returnUrl }) =>
      asking(
        "confirm",
        paymentId,
        () =>
          stripe.paymentIntents.confirm(paymentId, returnUrl === undefined ? {} : { return_url: returnUrl }, {
            idempotencyKey: key
          }),
        readPayment
      ),
    capture: ({ key, payment: { amount, paymentId } }) =>
      asking(
        "capture",
        paymentId,
        () =>
          stripe.paymentIntents.capture(paymentId, { amount_to_capture: amount.amountCents }, { idempotencyKey: key }),
        readPayment
      ),
    cancel: ({ key, payment: { paymentId } }) =>
      asking(
        "cancel",
        paymentId,
        () => stripe.paymentIntents.cancel(paymentId, {}, { idempotencyKey: key }),
        readPayment
      ),
    refund: ({ amountCents, key, payment: { orderId, paymentId } }) =>
      asking(
        "refund",
        paymentId,
        () =>
          stripe.refunds.create(
            {
              payment_intent: paymentId,
              amount: amountCents,
              metadata: { order_id: orderId, operation_key: key }
            },
            { idempotencyKey: key }
          ),
        readRefund
      ),
    retrieve: (paymentId, expected) =>
      asking<Payment, PaymentRefused>(
        "retrieve",
        paymentId,
        () => stripe.paymentIntents.retrieve(paymentId),
        readPayment
      ).pipe(expecting("retrieve", { ...expected, paymentId })),
    refundsOf: (paymentId) =>
      asking("list", paymentId, () => stripe.refunds.list({ payment_intent: paymentId }), readRefunds),
    findByOrder: (orderId) =>
      asking<PaymentPage, PaymentRefused>(
        "find",
        "",
        () =>
          stripe.paymentIntents.search({
            query: `metadata['order_id']:'${orderId.replaceAll(/['\\]/g, String.raw`\$&`)}'`
          }),
        readPayments
      ).pipe(Effect.map((page) => page.payments)),
    createdBetween: ({ after, fromSeconds, untilSeconds }) =>
      asking(
        "list",
        "",
        () =>
          stripe.paymentIntents.list({
            created: { gte: fromSeconds, lte: untilSeconds },
            limit: 100,
            ...(after === undefined ? {} : { starting_after: after })
          }),
        readPayments
      )
  })
})

paymentsContract(
  "payments through the provider's own client",
  Layer.mergeAll(sandboxSide, Layer.effect(Payments, payments)).pipe(Layer.provideMerge(sandboxForTests))
)
