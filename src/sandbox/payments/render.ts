/**
 * The provider's objects as its API shows them, and the answers made of them.
 *
 * `next_action` is a page of the sandbox's own where a person plays the card holder; it needs the `return_url` that
 * the confirmation gave, as there.
 */
import type { Answer } from "../answer.ts"
import type { Intent, Refund, StripeError } from "./objects.ts"
import type { Rejected } from "./outcome.ts"
import type { JournalRecord } from "./record.ts"

const nextAction = (intent: Intent, origin: string) => {
  if (intent.status !== "requires_action") return null
  if (intent.return_url === null) return { type: "use_stripe_sdk", use_stripe_sdk: {} }
  const url = `${origin}/_sandbox/authenticate/${intent.id}`
  return { type: "redirect_to_url", redirect_to_url: { return_url: intent.return_url, url } }
}

export const intentBody = (intent: Intent, origin: string) => ({
  id: intent.id,
  object: "payment_intent",
  allowed_payment_method_types: intent.allowed_payment_method_types?.length
    ? intent.allowed_payment_method_types
    : null,
  amount: intent.amount,
  amount_capturable: intent.amount_capturable,
  amount_received: intent.amount_received,
  canceled_at: intent.canceled_at,
  capture_method: intent.capture_method,
  client_secret: `${intent.id}_secret_sandbox`,
  created: intent.created,
  currency: intent.currency,
  last_payment_error: intent.last_payment_error,
  latest_charge: intent.latest_charge,
  livemode: false,
  metadata: intent.metadata,
  next_action: nextAction(intent, origin),
  payment_method: intent.payment_method,
  payment_method_types: ["card"],
  status: intent.status
})

export const refundBody = (refund: Refund) => ({ object: "refund", ...refund })

export const errorAnswer = (
  status: number,
  error: StripeError,
  intent?: object,
  headers: Answer["headers"] = {}
): Answer => ({
  status,
  body: { error: { ...error, ...(intent === undefined ? {} : { payment_intent: intent }) } },
  headers
})

export const rejectedAnswer = ({ error, status }: Rejected): Answer => errorAnswer(status, error)

/** The answer of a record, the first time and at every repetition. */
export const answerOf = (record: JournalRecord, status: number, kind: string, origin: string): Answer => {
  const { error, intent, refund } = record
  if (kind === "refund" && refund !== null) return { status, body: refundBody(refund), headers: {} }
  const shown = intent === null ? undefined : intentBody(intent, origin)
  if (kind === "error" && error !== null) return errorAnswer(status, error, shown)
  return { status, body: shown, headers: {} }
}
