/**
 * Where events wait for their order. An event is kept once, whatever number of times it arrives; keeping it and
 * enqueuing its job is one transaction, and so is matching it and waking its order.
 *
 * Nothing is ever dropped: what is about no payment is kept as ignored, what found no order as unmatched.
 */
import { Context, type Effect } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../../database/errors.ts"
import type { PaymentEvent } from "./PaymentEvent.ts"

/** The queue of events; a job's payload is the event's name. */
export const webhookQueue = "webhooks"

export type EventName = Pick<PaymentEvent, "provider" | "id">

export const jobOf = ({ id, provider }: EventName) => ({
  queue: webhookQueue,
  key: `${provider}:${id}`,
  payload: { provider, event_id: id }
})

export type Match =
  | { readonly _tag: "Matched"; readonly orderId: string }
  | { readonly _tag: "Unmatched"; readonly waitedMillis: number }
  /** There is nothing to do: it was matched before, or is about no payment, or is not there. */
  | { readonly _tag: "Settled" }

type Failures = DatabaseUnavailable | QueryTimeout

export class WebhookInbox extends Context.Service<
  WebhookInbox,
  {
    /** False when it had arrived before. */
    readonly keep: (event: PaymentEvent) => Effect.Effect<boolean, Failures>
    /** Finds the event's order, by its payment first and by what the event says second, and wakes it. */
    readonly match: (event: EventName) => Effect.Effect<Match, Failures>
    /** Stops waiting for an order. A later `match` still finds it. */
    readonly giveUp: (event: EventName) => Effect.Effect<void, Failures>
  }
>()("holdfast/orders/webhooks/WebhookInbox") {}
