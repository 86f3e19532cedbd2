/**
 * POST /v1/payment_intents and the confirmation of an intent: the two steps that can end in money being held.
 *
 * Creating never moves money unless `confirm=true` asks for it. A declined confirmation takes the payment method off
 * the intent and leaves the reason on it, so that a reader who missed the answer can still find it.
 */
import { chargeableAmount, listOf, metadataOf, unknownParameter } from "./form.ts"
import type { Form } from "./form.ts"
import type { Intent } from "./objects.ts"
import {
  answeredIntent,
  invalidParameter,
  missingParameter,
  movement,
  noSuch,
  refused,
  unexpectedState
} from "./outcome.ts"
import type { Executed, Outcome } from "./outcome.ts"
import { cardOutcome } from "./testCards.ts"
import type { CardOutcome } from "./testCards.ts"

/** What a decision needs from outside: the time, fresh ids, and a decline that a fault asks for. */
export interface Moment {
  readonly now: number
  readonly newId: (prefix: string) => string
  readonly declineWith: CardOutcome | undefined
}

const createParameters = [
  "amount",
  "currency",
  "confirm",
  "capture_method",
  "confirmation_method",
  "payment_method",
  "allowed_payment_method_types[",
  "automatic_payment_methods[",
  "metadata[",
  "description",
  "return_url",
  "off_session"
]
const confirmParameters = ["payment_method", "return_url", "off_session"]

export const create = (form: Form, moment: Moment): Outcome => {
  const unknown = unknownParameter(form, createParameters)
  if (unknown !== undefined) return unknown
  const amount = chargeableAmount(form)
  if (typeof amount !== "number") return amount
  const currency = form.get("currency")
  if (currency === undefined) return missingParameter("currency")
  if (!/^[a-z]{3}$/i.test(currency))
    return invalidParameter("currency", "parameter_invalid", `Invalid currency: ${currency}`)
  const onlyToConfirm =
    form.get("confirm") === "true" ? undefined : ["return_url", "off_session"].find((n) => form.has(n))
  if (onlyToConfirm !== undefined)
    return invalidParameter(onlyToConfirm, "parameter_invalid", `${onlyToConfirm} needs confirm=true.`)
  const paymentMethod = form.get("payment_method")
  if (paymentMethod !== undefined && cardOutcome(paymentMethod) === undefined)
    return noSuch("PaymentMethod", "payment_method", paymentMethod, 400)
  const intent: Intent = {
    id: moment.newId("pi"),
    created: moment.now,
    amount,
    currency: currency.toLowerCase(),
    capture_method: form.get("capture_method") === "manual" ? "manual" : "automatic",
    status: paymentMethod === undefined ? "requires_payment_method" : "requires_confirmation",
    payment_method: paymentMethod ?? null,
    allowed_payment_method_types: listOf(form, "allowed_payment_method_types"),
    metadata: metadataOf(form),
    amount_capturable: 0,
    amount_received: 0,
    amount_refunded: 0,
    latest_charge: null,
    last_payment_error: null,
    return_url: form.get("return_url") ?? null,
    canceled_at: null
  }
  return form.get("confirm") === "true" ? confirmed(intent, moment) : answeredIntent(intent)
}

export const confirm = (intent: Intent, form: Form, moment: Moment): Outcome => {
  const unknown = unknownParameter(form, confirmParameters)
  if (unknown !== undefined) return unknown
  const given = form.get("payment_method")
  if (given !== undefined && cardOutcome(given) === undefined)
    return noSuch("PaymentMethod", "payment_method", given, 400)
  if (!["requires_payment_method", "requires_confirmation", "requires_action"].includes(intent.status))
    return unexpectedState("confirm", intent)
  const ready: Intent = {
    ...intent,
    payment_method: given ?? intent.payment_method,
    return_url: form.get("return_url") ?? intent.return_url
  }
  return confirmed(ready, moment)
}

const confirmed = (intent: Intent, moment: Moment): Outcome => {
  if (intent.payment_method === null) return unexpectedState("confirm", intent)
  const outcome = moment.declineWith ?? cardOutcome(intent.payment_method)
  if (outcome === undefined) return unexpectedState("confirm", intent)
  switch (outcome._tag) {
    case "Declines":
      return declined(intent, outcome, moment)
    case "AsksCustomer":
      return answeredIntent({ ...intent, status: "requires_action", last_payment_error: null })
    case "Approves":
      return authorized(intent, moment)
  }
}

const declined = (intent: Intent, card: CardOutcome & { _tag: "Declines" }, moment: Moment): Executed =>
  refused(402, card.error, {
    ...intent,
    status: "requires_payment_method",
    payment_method: null,
    latest_charge: moment.newId("ch"),
    last_payment_error: card.error
  })

/** Money is held; with automatic capture it is taken in the same step. */
export const authorized = (intent: Intent, moment: Moment): Executed => {
  const held: Intent = {
    ...intent,
    status: "requires_capture",
    amount_capturable: intent.amount,
    latest_charge: moment.newId("ch"),
    last_payment_error: null
  }
  const authorization = movement("authorized", held, held.amount)
  if (held.capture_method === "manual") return answeredIntent(held, [authorization])
  const taken: Intent = { ...held, status: "succeeded", amount_capturable: 0, amount_received: held.amount }
  return answeredIntent(taken, [authorization, movement("captured", taken, taken.amount)])
}

/** The customer came back from the page that `requires_action` sent them to. */
export const authenticated = (intent: Intent, approved: boolean, moment: Moment): Outcome => {
  if (intent.status !== "requires_action") return unexpectedState("authenticate", intent)
  if (approved) return authorized(intent, moment)
  const error = {
    type: "card_error",
    code: "payment_intent_authentication_failure",
    message: "The provided payment method has failed authentication."
  }
  return answeredIntent({
    ...intent,
    status: "requires_payment_method",
    payment_method: null,
    last_payment_error: error
  })
}
