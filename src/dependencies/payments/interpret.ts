/**
 * From what an answer proves to what the shop is told: a payment, a domain error, or a failure for the kit to handle.
 *
 * An answer that is about something else than was asked is `PaymentMismatch`; one that cannot be read is unsettled,
 * because the operation behind it may well have been carried out.
 */
import { Effect, Option } from "effect"
import type { TransientFailure } from "../../resilience/index.ts"
import { unsettled } from "./classify.ts"
import type { Verdict } from "./classify.ts"
import { PaymentDeclined, PaymentKeyReused, PaymentMismatch, PaymentRefused, PaymentStateDiffers } from "./errors.ts"
import type { PaymentOperation } from "./errors.ts"
import { differenceFrom } from "./expectation.ts"
import type { Expectation } from "./expectation.ts"
import type { Payment } from "./Payment.ts"
import { readPayment } from "./stripeObjects.ts"

/** A definite verdict on one operation, and the provider's name for the request, which its support asks for. */
export interface Answered {
  readonly operation: PaymentOperation
  readonly verdict: Exclude<Verdict, { readonly _tag: "Unsettled" | "InProgress" }>
  readonly providerRequest: string | undefined
}

const unreadable: TransientFailure = unsettled("unknown", "unreadable_answer").failure

const traced = ({ operation, providerRequest }: Answered) =>
  providerRequest === undefined ? { operation } : { operation, providerRequest }

export const mismatch = (answered: Answered, differs: PaymentMismatch["differs"], expected: Expectation) =>
  new PaymentMismatch({
    ...traced(answered),
    differs,
    ...(expected.orderId === undefined ? {} : { orderId: expected.orderId }),
    ...(expected.paymentId === undefined ? {} : { paymentId: expected.paymentId })
  })

/** The body of a definite yes, read; a definite no, as its error. For operations that no card can refuse. */
export const answerAs = <A>(
  answered: Answered,
  read: (body: unknown) => Option.Option<A>
): Effect.Effect<A, PaymentRefused | TransientFailure> => {
  const { verdict } = answered
  switch (verdict._tag) {
    case "Answered":
      return Effect.fromOption(read(verdict.body), () => unreadable)
    case "Refused":
      return Effect.fail(new PaymentRefused({ ...traced(answered), code: verdict.code }))
    case "Declined":
      return Effect.fail(new PaymentRefused({ ...traced(answered), code: "card_declined" }))
    case "StateDiffers":
      return Effect.fail(new PaymentRefused({ ...traced(answered), code: "payment_intent_unexpected_state" }))
    case "KeyReused":
      return Effect.fail(new PaymentRefused({ ...traced(answered), code: "idempotency_error" }))
  }
}

/** Only for writes: a key that was used for something else stops everything. */
export const keyIsOurs = (answered: Answered): Effect.Effect<Answered, PaymentKeyReused> =>
  answered.verdict._tag === "KeyReused" ? Effect.fail(new PaymentKeyReused(traced(answered))) : Effect.succeed(answered)

export const paymentAs = (
  answered: Answered,
  expected: Expectation
): Effect.Effect<Payment, PaymentRefused | PaymentMismatch | TransientFailure> =>
  Effect.flatMap(answerAs(answered, readPayment), (payment) => {
    const difference = differenceFrom(expected, payment)
    return difference === undefined ? Effect.succeed(payment) : Effect.fail(mismatch(answered, difference, expected))
  })

/** A refused card, if that is what the answer says, and says it about this payment. */
export const notDeclined = (
  answered: Answered,
  paymentId: string
): Effect.Effect<Answered, PaymentDeclined | PaymentMismatch> => {
  const { verdict } = answered
  if (verdict._tag !== "Declined") return Effect.succeed(answered)
  const about = readPayment(verdict.payment)
  if (Option.isSome(about) && about.value.id !== paymentId)
    return Effect.fail(mismatch(answered, "payment", { paymentId }))
  return Effect.fail(new PaymentDeclined({ paymentId, code: verdict.code }))
}

/** A payment that has moved on, if that is what the answer says, and shows where to. */
export const inState = (
  answered: Answered,
  paymentId: string
): Effect.Effect<Answered, PaymentStateDiffers | PaymentMismatch> => {
  const { operation, verdict } = answered
  if (verdict._tag !== "StateDiffers") return Effect.succeed(answered)
  const about = readPayment(verdict.payment)
  if (Option.isNone(about)) return Effect.succeed(answered)
  if (about.value.id !== paymentId) return Effect.fail(mismatch(answered, "payment", { paymentId }))
  return Effect.fail(new PaymentStateDiffers({ paymentId, operation, status: about.value.status }))
}
