/** The inbox in memory keeps the same promises, as far as it can tell orders: by what the event says. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Jobs } from "../../../src/jobs/Jobs.ts"
import { OrderId } from "../../../src/orders/Order.ts"
import { orderQueue, OrderStore } from "../../../src/orders/OrderStore.ts"
import { runWebhook } from "../../../src/orders/webhooks/runWebhook.ts"
import { WebhookInbox, webhookQueue } from "../../../src/orders/webhooks/WebhookInbox.ts"
import * as WebhookInboxMemory from "../../../src/orders/webhooks/WebhookInboxMemory.ts"

const known = OrderId.make("ord_known")
/** Knows one order, and nothing about it but that it is there. */
const orders = Layer.mock(OrderStore, {
  find: (id) => Effect.succeed(id === known ? Option.some({} as never) : Option.none())
})
const inbox = WebhookInboxMemory.layer.pipe(Layer.provideMerge(Layer.merge(orders, Jobs.layerMemory)))

const event = (orderId: OrderId | undefined) => ({
  provider: "stripe" as const,
  id: "evt_1",
  type: "payment_intent.succeeded",
  paymentId: undefined,
  claimedOrderId: orderId
})

it.effect("an event is kept once, has one job, and wakes its order once", () =>
  Effect.gen(function* () {
    const [open, jobs] = [yield* WebhookInbox, yield* Jobs]
    yield* jobs.enqueue({ queue: orderQueue, key: known, payload: {}, delaySeconds: 3_600 })
    assert.deepStrictEqual([yield* open.keep(event(known)), yield* open.keep(event(known))], [true, false])
    const claimed = yield* jobs.claim(webhookQueue, 10)
    assert.deepStrictEqual(
      claimed.map(({ payload }) => payload),
      [{ provider: "stripe", event_id: "evt_1" }]
    )
    assert.deepStrictEqual(yield* jobs.claim(orderQueue, 1), [])
    assert.strictEqual((yield* (yield* runWebhook)(claimed[0]!))._tag, "Done")
    assert.strictEqual((yield* jobs.claim(orderQueue, 1)).length, 1)
    assert.deepStrictEqual(yield* open.match(event(known)), { _tag: "Settled" })
  }).pipe(Effect.provide(inbox))
)

it.effect("an event that finds no order waits for a quarter of an hour, and then its job is dead", () =>
  Effect.gen(function* () {
    const [open, jobs] = [yield* WebhookInbox, yield* Jobs]
    yield* open.keep(event(OrderId.make("ord_never")))
    const [job] = yield* jobs.claim(webhookQueue, 1)
    const run = (yield* runWebhook)(job!)
    assert.strictEqual((yield* run)._tag, "Retry")
    yield* TestClock.adjust("14 minutes")
    assert.strictEqual((yield* run)._tag, "Retry")
    yield* TestClock.adjust("1 minute")
    assert.strictEqual((yield* run)._tag, "Dead")
  }).pipe(Effect.provide(inbox))
)

it.effect("an event about no payment has no job", () =>
  Effect.gen(function* () {
    assert.isTrue(yield* (yield* WebhookInbox).keep(event(undefined)))
    assert.deepStrictEqual(yield* (yield* Jobs).claim(webhookQueue, 1), [])
  }).pipe(Effect.provide(inbox))
)
