/**
 * What the payment provider tells about a change: none, or one event, named as the provider names it.
 *
 * An intent is told about when its status changes, when a card is declined, and when it is made; a refund when it is
 * made. A request that was refused and changed nothing is not told.
 */
import type { Intent, Refund } from "../payments/objects.ts"
import type { JournalRecord } from "../payments/record.ts"
import { intentBody, refundBody } from "../payments/render.ts"

export interface WebhookEvent {
  readonly id: string
  readonly type: string
  readonly object: { readonly intent: Intent } | { readonly refund: Refund }
  /** Of the request that caused it. */
  readonly key: string | null
}

const typeOf = (before: Intent | undefined, after: Intent): string | undefined => {
  if (before?.latest_charge !== after.latest_charge && after.last_payment_error !== null)
    return "payment_intent.payment_failed"
  if (before !== undefined && before.status === after.status) return undefined
  switch (after.status) {
    case "requires_payment_method":
      return before === undefined ? "payment_intent.created" : "payment_intent.payment_failed"
    case "requires_confirmation":
      return "payment_intent.created"
    case "requires_action":
      return "payment_intent.requires_action"
    case "requires_capture":
      return "payment_intent.amount_capturable_updated"
    default:
      return `payment_intent.${after.status}`
  }
}

export const eventOf = (id: string, before: Intent | undefined, record: JournalRecord): WebhookEvent | undefined => {
  const key = record.kept?.key ?? null
  if (record.refund !== null) return { id, type: "refund.created", object: { refund: record.refund }, key }
  if (record.intent === null) return undefined
  const type = typeOf(before, record.intent)
  return type === undefined ? undefined : { id, type, object: { intent: record.intent }, key }
}

export const paymentOf = ({ object }: WebhookEvent): string =>
  "intent" in object ? object.intent.id : object.refund.payment_intent

/** As it goes over the wire. `origin` is where the sandbox is reached. */
export const eventBody = ({ id, key, object, type }: WebhookEvent, created: number, origin: string) => ({
  id,
  object: "event",
  api_version: "2026-10-28.endive",
  created,
  data: { object: "intent" in object ? intentBody(object.intent, origin) : refundBody(object.refund) },
  livemode: false,
  pending_webhooks: 1,
  request: { id: null, idempotency_key: key },
  type
})
