/**
 * The inbox on a map, for tests and for the shop in memory. It knows an order only by what the event says: payments in
 * memory have no index.
 */
import { Clock, Effect, Layer, Option } from "effect"
import { Jobs } from "../../jobs/Jobs.ts"
import { orderQueue, OrderStore } from "../OrderStore.ts"
import { isAboutPayment, type PaymentEvent } from "./PaymentEvent.ts"
import { jobOf, WebhookInbox } from "./WebhookInbox.ts"

interface Row {
  readonly event: PaymentEvent
  readonly receivedMillis: number
  open: boolean
}

export const layer = Layer.effect(
  WebhookInbox,
  Effect.gen(function* () {
    const jobs = yield* Jobs
    const orders = yield* OrderStore
    const rows = new Map<string, Row>()

    const keep: WebhookInbox["Service"]["keep"] = Effect.fnUntraced(function* (event) {
      const job = jobOf(event)
      if (rows.has(job.key)) return false
      const open = isAboutPayment(event)
      rows.set(job.key, { event, receivedMillis: yield* Clock.currentTimeMillis, open })
      if (open) yield* jobs.enqueue(job)
      return true
    })

    const match: WebhookInbox["Service"]["match"] = Effect.fnUntraced(function* (name) {
      const row = rows.get(jobOf(name).key)
      if (row === undefined || !row.open) return { _tag: "Settled" } as const
      const { claimedOrderId } = row.event
      const found = claimedOrderId === undefined ? Option.none() : yield* orders.find(claimedOrderId)
      if (claimedOrderId === undefined || Option.isNone(found)) {
        return { _tag: "Unmatched", waitedMillis: (yield* Clock.currentTimeMillis) - row.receivedMillis } as const
      }
      row.open = false
      yield* jobs.wake(orderQueue, claimedOrderId)
      return { _tag: "Matched", orderId: claimedOrderId } as const
    })

    return WebhookInbox.of({ keep, match, giveUp: () => Effect.void })
  })
)
