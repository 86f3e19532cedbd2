/**
 * Runs an order's job: asks the machine what comes next, does it outside, and takes the answer back, until it is done.
 *
 * What is sent comes from the committed step, never from memory. An answer that is not known leaves the operation as
 * sent; the job comes back later and sends it again under the same key, which charges nobody twice. What the provider
 * refuses for good, and what looks wrong, ends the job as dead, for a person to look at; the order stays as it is.
 */
import { Clock, Effect, Option } from "effect"
import type { DependencyUnavailable } from "../resilience/index.ts"
import { persisted } from "../resilience/index.ts"
import type { Payment, PaymentReference, PaymentStatus } from "../dependencies/payments/Payment.ts"
import { Payments } from "../dependencies/payments/Payments.ts"
import type { PaymentKeyReused, PaymentMismatch, PaymentRefused } from "../dependencies/payments/errors.ts"
import { backoffMillis } from "../jobs/backoff.ts"
import { type ClaimedJob, Settlement } from "../jobs/Job.ts"
import { OrderId } from "./Order.ts"
import { type NextStep, OrderStore } from "./OrderStore.ts"
import { type Answer, actionDeadlineMillis, type Operation, type SagaRecord } from "./saga.ts"

/** How often a payment that waits for its customer, or for the provider, is looked at. */
const lookAgainMillis = 5_000

type Sent = Extract<NextStep, { _tag: "Send" }>
type Answered = { readonly operation: Operation; readonly answer: Answer }

export const runOrder = Effect.gen(function* () {
  const store = yield* OrderStore
  const payments = yield* Payments

  const perform = Effect.fnUntraced(function* (next: Sent) {
    const key = persisted(next.key)
    const payment = referenceOf(next.record)
    switch (next.operation) {
      case "create": {
        const { paymentMethod, orderId } = next.record
        return yield* payments.create({ key, orderId, amount: payment.amount, paymentMethod })
      }
      case "confirm":
        return yield* payments.confirm({ key, payment })
      case "capture":
        return yield* payments.capture({ key, payment })
      case "cancel":
        return yield* payments.cancel({ key, payment })
    }
  })

  /** The answer to take back; none when there is nothing certain to say yet. */
  const send = Effect.fnUntraced(function* (next: Sent) {
    const now = yield* Clock.currentTimeMillis
    return yield* perform(next).pipe(
      Effect.map((payment) => answerFor(next.operation, payment, now)),
      Effect.catchTags({
        PaymentDeclined: ({ code }) => Effect.succeed(declined(code)),
        PaymentStateDiffers: ({ status }) => Effect.succeed(answerFor(next.operation, { status }, now))
      })
    )
  })

  const ask = Effect.fnUntraced(function* (record: SagaRecord) {
    const { paymentId, ...expected } = referenceOf(record)
    const payment = yield* payments.retrieve(paymentId, expected)
    return answerFor("confirm", payment, yield* Clock.currentTimeMillis)
  })

  const advance = (job: ClaimedJob, answered: Option.Option<Answered>): Effect.Effect<Settlement, Stopped> =>
    Effect.flatMap(store.advance(OrderId.make(job.key), { jobId: job.id, token: job.lease }, answered), (next) => {
      switch (next._tag) {
        case "Finished":
        case "LeaseLost":
          return Effect.succeed(Settlement.done)
        case "Ask":
          return Effect.flatMap(ask(next.record), (answer) =>
            answer === undefined || answer._tag === "RequiresAction"
              ? Effect.succeed(Settlement.later(lookAgainMillis))
              : advance(job, Option.some({ operation: "confirm", answer }))
          )
        case "Send":
          return Effect.flatMap(send(next), (answer) =>
            answer === undefined
              ? Effect.succeed(Settlement.later(lookAgainMillis))
              : advance(job, Option.some({ operation: next.operation, answer }))
          )
      }
    })

  return (job: ClaimedJob): Effect.Effect<Settlement> =>
    advance(job, Option.none()).pipe(
      Effect.catch((stopped) => settlementOf(stopped, job)),
      Effect.annotateLogs({ order_id: job.key })
    )
})

type Stopped =
  | PaymentRefused
  | PaymentMismatch
  | PaymentKeyReused
  | DependencyUnavailable
  | Effect.Error<ReturnType<OrderStore["Service"]["advance"]>>

const settlementOf = (stopped: Stopped, job: ClaimedJob): Effect.Effect<Settlement> => {
  const failure = { code: stopped._tag, category: stopped.category }
  if (stopped.category === "transient") {
    return Effect.gen(function* () {
      yield* Effect.logWarning("order waits", { severity: "expected", ...failure, attempts: job.attempts })
      return Settlement.retry(yield* backoffMillis(job.attempts), failure)
    })
  }
  return Effect.as(
    Effect.logError("order needs an operator", { severity: "critical", ...failure, attempts: job.attempts }),
    Settlement.dead(failure)
  )
}

const referenceOf = (record: SagaRecord): PaymentReference => ({
  paymentId: record.providerId ?? "",
  orderId: record.orderId,
  amount: { amountCents: record.totalCents, currency: record.currency }
})

const declined = (reason: Extract<Answer, { _tag: "Declined" }>["reason"]): Answer => ({ _tag: "Declined", reason })

/** What a payment, as it stands, answers to an operation. Nothing while that is not settled. */
const answerFor = (
  operation: Operation,
  payment: { readonly status: PaymentStatus } & Partial<Pick<Payment, "id" | "decline" | "nextAction">>,
  nowMillis: number
): Answer | undefined => {
  if (operation === "create") return payment.id === undefined ? undefined : { _tag: "Created", providerId: payment.id }
  switch (payment.status) {
    case "authorized":
      return operation === "confirm" ? { _tag: "Authorized" } : undefined
    case "captured":
      return { _tag: operation === "confirm" ? "Authorized" : "Captured" }
    case "requires_action":
      return {
        _tag: "RequiresAction",
        url: payment.nextAction?.url ?? "",
        expiresAtMillis: nowMillis + actionDeadlineMillis
      }
    case "declined":
      return declined(payment.decline ?? "declined")
    case "canceled":
      return { _tag: "Cancelled" }
    default:
      return undefined
  }
}
