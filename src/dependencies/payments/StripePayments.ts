/**
 * Payments through Stripe's PaymentIntents API, or anything that speaks it, like the sandbox.
 *
 * Every call goes through the kit: bounded, circuit-broken, repeated at most once and only under its own key. Every
 * answer is compared with what was asked: a payment, order, amount or currency that differs is an alarm, not a result.
 * Credentials that are refused do not fail orders: the shop stops calling for a while, logs FATAL, and orders wait.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Context, Effect, Layer } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import { sendTo } from "../outgoing.ts"
import { Dependency } from "../../resilience/index.ts"
import type { IdempotencyKey, WriteKey } from "../../resilience/index.ts"
import { attemptOver, unlessRunning } from "./attempt.ts"
import type { Attempt, StillRunning } from "./attempt.ts"
import { exchangeWith } from "./exchange.ts"
import type { StripeCredentials } from "./exchange.ts"
import { answerAs, inState, mismatch, notDeclined, paymentAs } from "./interpret.ts"
import { Payments } from "./Payments.ts"
import type { RefundPayment } from "./Payments.ts"
import { connectTimeoutMillis, paymentsPolicy } from "./policy.ts"
import * as requests from "./requests.ts"
import { readPayments, readRefund, readRefunds } from "./stripeObjects.ts"

/** The shop's account at the provider. */
export class StripeAccount extends Context.Service<StripeAccount, StripeCredentials>()(
  "holdfast/dependencies/payments/StripeAccount"
) {}

type Service = Payments["Service"]
type Writes = Pick<Service, "create" | "confirm" | "capture" | "cancel" | "refund">

const callsOf = (dependency: Dependency) => ({
  write: <A, E>(effect: Effect.Effect<A, E | StillRunning, WriteKey>, idempotencyKey: IdempotencyKey) =>
    unlessRunning(dependency.call(effect, { kind: "write", idempotencyKey })),
  read: <A, E>(effect: Effect.Effect<A, E | StillRunning>) => unlessRunning(dependency.call(effect, { kind: "read" }))
})
type Calls = ReturnType<typeof callsOf>

const writesThrough = (calls: Calls, { write }: Attempt): Writes => ({
  create: Effect.fn("Payments.create")(function* (asked) {
    const answered = write("create", requests.createRequest(asked))
    return yield* calls.write(
      Effect.flatMap(answered, (found) => paymentAs(found, { orderId: asked.orderId, amount: asked.amount })),
      asked.key
    )
  }),
  confirm: Effect.fn("Payments.confirm")(function* (asked) {
    const { paymentId } = asked.payment
    const answered = write("confirm", requests.confirmRequest(asked)).pipe(
      Effect.flatMap((found) => inState(found, paymentId)),
      Effect.flatMap((found) => notDeclined(found, paymentId)),
      Effect.flatMap((found) => paymentAs(found, asked.payment))
    )
    return yield* calls.write(answered, asked.key)
  }),
  capture: Effect.fn("Payments.capture")(function* ({ key, payment }) {
    const answered = Effect.gen(function* () {
      const found = yield* write("capture", requests.captureRequest(payment))
      const captured = yield* paymentAs(yield* inState(found, payment.paymentId), payment)
      return captured.capturedCents === payment.amount.amountCents
        ? captured
        : yield* mismatch(found, "amount", payment)
    })
    return yield* calls.write(answered, key)
  }),
  cancel: Effect.fn("Payments.cancel")(function* ({ key, payment }) {
    const answered = write("cancel", requests.cancelRequest(payment)).pipe(
      Effect.flatMap((found) => inState(found, payment.paymentId)),
      Effect.flatMap((found) => paymentAs(found, payment))
    )
    return yield* calls.write(answered, key)
  }),
  refund: Effect.fn("Payments.refund")(function* (asked) {
    return yield* calls.write(refunding(write, asked), asked.key)
  })
})

const refunding = Effect.fnUntraced(function* (write: Attempt["write"], asked: RefundPayment) {
  const { amountCents, payment } = asked
  const found = yield* write("refund", requests.refundRequest(asked))
  const refund = yield* answerAs(yield* inState(found, payment.paymentId), readRefund)
  if (refund.paymentId !== payment.paymentId) return yield* mismatch(found, "payment", payment)
  if (refund.amount.amountCents !== amountCents) return yield* mismatch(found, "amount", payment)
  if (refund.amount.currency !== payment.amount.currency) return yield* mismatch(found, "currency", payment)
  return refund
})

const readsThrough = (calls: Calls, { read }: Attempt): Omit<Service, keyof Writes> => ({
  retrieve: Effect.fn("Payments.retrieve")(function* (paymentId, expected) {
    const answered = read("retrieve", requests.retrieveRequest(paymentId))
    return yield* calls.read(Effect.flatMap(answered, (found) => paymentAs(found, { ...expected, paymentId })))
  }),
  refundsOf: Effect.fn("Payments.refundsOf")(function* (paymentId) {
    const answered = Effect.gen(function* () {
      const found = yield* read("list", requests.refundsRequest(paymentId))
      const refunds = yield* answerAs(found, readRefunds)
      const others = refunds.some((refund) => refund.paymentId !== paymentId)
      return others ? yield* mismatch(found, "payment", { paymentId }) : refunds
    })
    return yield* calls.read(answered)
  }),
  findByOrder: Effect.fn("Payments.findByOrder")(function* (orderId) {
    const answered = Effect.gen(function* () {
      const found = yield* read("find", requests.searchRequest(orderId))
      const { payments } = yield* answerAs(found, readPayments)
      const others = payments.some((payment) => payment.orderId !== orderId)
      return others ? yield* mismatch(found, "order", { orderId }) : payments
    })
    return yield* calls.read(answered)
  }),
  createdBetween: Effect.fn("Payments.createdBetween")(function* (window) {
    const answered = read("list", requests.createdBetweenRequest(window))
    return yield* calls.read(Effect.flatMap(answered, (found) => answerAs(found, readPayments)))
  })
})

/** As many connections as calls in flight, so that none waits for another's. */
const connections = NodeHttpClient.layerUndiciOptions({
  connections: paymentsPolicy.concurrency,
  connect: { timeout: connectTimeoutMillis }
})

/** Over a client of the caller's, for one that adds headers or plays a provider. */
const layerHttp = Layer.effect(
  Payments,
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const attempt = attemptOver(exchangeWith(sendTo("payments", client), yield* StripeAccount))
    const calls = callsOf(yield* Dependency.make("payments", paymentsPolicy))
    return Payments.of({ ...writesThrough(calls, attempt), ...readsThrough(calls, attempt) })
  })
)

export const StripePayments = {
  layerHttp,
  /** Over connections of its own. */
  layer: Layer.provide(layerHttp, connections)
}
