/** The inbox as a table: see `WebhookInbox`. Ages go by the database's clock. */
import { Effect, Layer } from "effect"
import type { SqlError } from "effect/sql"
import { Database } from "../../database/Database.ts"
import { Jobs } from "../../jobs/Jobs.ts"
import { orderQueue } from "../OrderStore.ts"
import { isAboutPayment, type PaymentEvent } from "./PaymentEvent.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../../database/errors.ts"
import { type EventName, jobOf, type Match, WebhookInbox } from "./WebhookInbox.ts"

interface Open {
  readonly order_id: string | null
  readonly waited_millis: number
}

export const layer = Layer.effect(
  WebhookInbox,
  Effect.gen(function* () {
    const database = yield* Database
    const jobs = yield* Jobs

    const keep = Effect.fn("WebhookInbox.keep")(function* (event: PaymentEvent) {
      const { claimedOrderId, id, paymentId, provider, type } = event
      const about = isAboutPayment(event)
      return yield* database.transaction("webhooks.keep", (sql) =>
        Effect.gen(function* () {
          // Its job goes on with the trace of its order, if that is there already.
          const [fresh] = yield* sql<{ readonly traceparent: string | null }>`
            insert into webhook_events (provider, event_id, type, payment_id, claimed_order_id, state, settled_at)
            values (${provider}, ${id}, ${type}, ${paymentId ?? null}, ${claimedOrderId ?? null},
              ${about ? "received" : "ignored"}, case when ${about}::boolean then null else now() end)
            on conflict do nothing
            returning (select traceparent from jobs where queue = ${orderQueue} and key = coalesce(
              (select order_id from payments where provider_id = ${paymentId ?? null}),
              ${claimedOrderId ?? null})) as traceparent`
          const traceparent = fresh?.traceparent ?? undefined
          if (fresh !== undefined && about) {
            yield* jobs.enqueue({ ...jobOf(event), ...(traceparent === undefined ? {} : { traceparent }) })
          }
          return fresh !== undefined
        })
      )
    })

    const match = Effect.fn("WebhookInbox.match")(function* ({ id, provider }: EventName) {
      return yield* database.transaction("webhooks.match", (sql) =>
        Effect.gen(function* (): Effect.fn.Return<Match, SqlError.SqlError | DatabaseUnavailable | QueryTimeout> {
          const [open] = yield* sql<Open>`
            select coalesce((select p.order_id from payments p where p.provider_id = e.payment_id),
                (select o.id from orders o where o.id = e.claimed_order_id)) as order_id,
              extract(epoch from now() - e.received_at)::float8 * 1000 as waited_millis
            from webhook_events e
            where e.provider = ${provider} and e.event_id = ${id} and e.state in ('received', 'unmatched')
            for update of e`
          if (open === undefined) return { _tag: "Settled" }
          if (open.order_id === null) return { _tag: "Unmatched", waitedMillis: open.waited_millis }
          yield* sql`
            update webhook_events set state = 'matched', order_id = ${open.order_id}, settled_at = now()
            where provider = ${provider} and event_id = ${id}`
          yield* jobs.wake(orderQueue, open.order_id)
          return { _tag: "Matched", orderId: open.order_id }
        })
      )
    })

    const giveUp = Effect.fn("WebhookInbox.giveUp")(function* ({ id, provider }: EventName) {
      yield* database.query(
        "webhooks.giveUp",
        (sql) => sql`
          update webhook_events set state = 'unmatched', settled_at = now()
          where provider = ${provider} and event_id = ${id} and state = 'received'`
      )
    })

    return WebhookInbox.of({ keep, match, giveUp })
  })
)
