/**
 * Capture, cancel and refund: what may happen to an intent once it exists.
 *
 * Each is allowed from some states only, and the refusal carries the intent as it stands, so that the caller learns
 * where the money is. Capturing less than was held gives the rest back; refunds never exceed what was captured.
 */
import type { Moment } from "./createIntent.ts"
import { amountOf, metadataOf, unknownParameter } from "./form.ts"
import type { Form } from "./form.ts"
import type { Intent, Refund } from "./objects.ts"
import { answeredIntent, invalidParameter, movement, refused, unexpectedState } from "./outcome.ts"
import type { Outcome } from "./outcome.ts"

export const capture = (intent: Intent, form: Form): Outcome => {
  const unknown = unknownParameter(form, ["amount_to_capture", "metadata["])
  if (unknown !== undefined) return unknown
  const asked = amountOf(form, "amount_to_capture")
  if (asked !== undefined && typeof asked !== "number") return asked
  if (intent.status !== "requires_capture") return unexpectedState("capture", intent)
  const amount = asked ?? intent.amount_capturable
  if (amount < 1 || amount > intent.amount_capturable)
    return invalidParameter("amount_to_capture", "amount_too_large", "The amount to capture exceeds what is held.")
  const taken: Intent = { ...intent, status: "succeeded", amount_capturable: 0, amount_received: amount }
  const rest = intent.amount_capturable - amount
  const entries = [movement("captured", taken, amount)]
  return answeredIntent(taken, rest > 0 ? [...entries, movement("canceled", taken, rest)] : entries)
}

export const cancel = (intent: Intent, form: Form, moment: Moment): Outcome => {
  const unknown = unknownParameter(form, ["cancellation_reason"])
  if (unknown !== undefined) return unknown
  if (intent.status === "succeeded" || intent.status === "canceled") return unexpectedState("cancel", intent)
  const ended: Intent = { ...intent, status: "canceled", amount_capturable: 0, canceled_at: moment.now }
  const held = intent.amount_capturable
  return answeredIntent(ended, held > 0 ? [movement("canceled", ended, held)] : [])
}

export const refundParameters = ["payment_intent", "amount", "reason", "metadata["]

export const refund = (intent: Intent, form: Form, moment: Moment): Outcome => {
  const asked = amountOf(form, "amount")
  if (asked !== undefined && typeof asked !== "number") return asked
  if (intent.status !== "succeeded") return unexpectedState("refund", intent)
  const left = intent.amount_received - intent.amount_refunded
  const amount = asked ?? left
  if (left === 0) {
    const message = "The charge has already been refunded."
    return refused(400, { type: "invalid_request_error", code: "charge_already_refunded", message }, intent)
  }
  if (amount < 1 || amount > left) {
    const message = "Refund amount is greater than unrefunded amount on charge."
    return refused(400, { type: "invalid_request_error", param: "amount", message }, intent)
  }
  const made: Refund = {
    id: moment.newId("re"),
    created: moment.now,
    amount,
    currency: intent.currency,
    payment_intent: intent.id,
    charge: intent.latest_charge,
    metadata: metadataOf(form),
    status: "succeeded"
  }
  const after: Intent = { ...intent, amount_refunded: intent.amount_refunded + amount }
  return {
    _tag: "Executed",
    status: 200,
    answer: "refund",
    intent: after,
    refund: made,
    ledger: [movement("refunded", after, amount)]
  }
}
