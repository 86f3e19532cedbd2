/** The inbox and its job, on real PostgreSQL: kept once, matched to an order, never dropped. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Database } from "../../../src/database/Database.ts"
import { Jobs } from "../../../src/jobs/Jobs.ts"
import { OrderId } from "../../../src/orders/Order.ts"
import { orderQueue } from "../../../src/orders/OrderStore.ts"
import { runWebhook } from "../../../src/orders/webhooks/runWebhook.ts"
import { WebhookInbox, webhookQueue } from "../../../src/orders/webhooks/WebhookInbox.ts"
import * as WebhookInboxPostgres from "../../../src/orders/webhooks/WebhookInboxPostgres.ts"
import { TestDatabase } from "../../database/testDatabase.ts"

const inbox = WebhookInboxPostgres.layer.pipe(Layer.provideMerge(Jobs.layer), Layer.provideMerge(TestDatabase.layer))

/** An order whose saga is over, so that a wake is to be seen: its job becomes ready. */
const finishedOrder = (id: string, paymentId: string) =>
  Effect.flatMap(Database, (database) =>
    database.transaction("test.order", (sql) =>
      Effect.gen(function* () {
        yield* sql`insert into users (id, email, email_normalized, name, password)
          values (${`usr_${id}`}, ${id}, ${id}, 'Ada', 'x') on conflict do nothing`
        yield* sql`insert into orders (id, user_id, payment_method, subtotal_cents, discount_cents, shipping_cents,
          total_cents, currency) values (${id}, ${`usr_${id}`}, 'pm_card_visa', 5, 0, 0, 5, 'EUR')`
        yield* sql`insert into payments (order_id, provider_id, amount_cents, currency) values (${id}, ${paymentId}, 5, 'EUR')`
        yield* sql`insert into jobs (queue, key, payload, state) values (${orderQueue}, ${id}, '{}', 'done')`
      })
    )
  )

const event = (id: string, about: { readonly paymentId?: string; readonly orderId?: string }) => ({
  provider: "stripe" as const,
  id,
  type: "payment_intent.succeeded",
  paymentId: about.paymentId,
  claimedOrderId: about.orderId === undefined ? undefined : OrderId.make(about.orderId)
})

const rows = (statement: string) =>
  Effect.flatMap(Database, (database) =>
    database.query("test.rows", (sql) => sql.unsafe<Record<string, unknown>>(statement))
  )
const jobOfOrder = (id: string) =>
  Effect.map(rows(`select state from jobs where key = '${id}'`), ([row]) => row?.["state"])
const eventRow = (id: string) =>
  Effect.map(rows(`select state, order_id from webhook_events where event_id = '${id}'`), ([row]) => row)

/** Runs the one job that is due, and says how it ended. */
const runOne = Effect.gen(function* () {
  const jobs = yield* Jobs
  const [job] = yield* jobs.claim(webhookQueue, 1)
  assert.isDefined(job)
  const settlement = yield* (yield* runWebhook)(job!)
  yield* jobs.settle(job!, settlement)
  return settlement
})

layer(inbox, { excludeTestServices: true })("an event", (it) => {
  it.effect("is kept once, however often it arrives, and has one job", () =>
    Effect.gen(function* () {
      const kept = yield* Effect.flatMap(WebhookInbox, (open) =>
        Effect.all(
          Array.from({ length: 10 }, () => open.keep(event("evt_once", { paymentId: "pi_once" }))),
          {
            concurrency: "unbounded"
          }
        )
      )
      assert.strictEqual(kept.filter((fresh) => fresh).length, 1)
      const jobs = yield* rows(`select payload from jobs where queue = '${webhookQueue}'`)
      assert.deepStrictEqual(jobs, [{ payload: { provider: "stripe", event_id: "evt_once" } }])
      yield* rows("delete from jobs")
    })
  )

  it.effect("finds its order by the payment, and wakes it", () =>
    Effect.gen(function* () {
      yield* finishedOrder("ord_paid", "pi_paid")
      yield* Effect.flatMap(WebhookInbox, (open) => open.keep(event("evt_paid", { paymentId: "pi_paid" })))
      assert.strictEqual((yield* runOne)._tag, "Done")
      assert.deepStrictEqual(yield* eventRow("evt_paid"), { state: "matched", order_id: "ord_paid" })
      assert.strictEqual(yield* jobOfOrder("ord_paid"), "ready")
    })
  )

  it.effect("finds its order by what it says when the payment is not known yet", () =>
    Effect.gen(function* () {
      yield* finishedOrder("ord_said", "pi_said")
      const early = event("evt_said", { paymentId: "pi_not_written_down", orderId: "ord_said" })
      yield* Effect.flatMap(WebhookInbox, (open) => open.keep(early))
      assert.strictEqual((yield* runOne)._tag, "Done")
      assert.strictEqual(yield* jobOfOrder("ord_said"), "ready")
    })
  )

  it.effect("that is matched wakes nobody a second time", () =>
    Effect.gen(function* () {
      yield* finishedOrder("ord_twice", "pi_twice")
      const open = yield* WebhookInbox
      const twice = event("evt_twice", { paymentId: "pi_twice" })
      yield* open.keep(twice)
      assert.strictEqual((yield* runOne)._tag, "Done")
      yield* rows("update jobs set state = 'done' where key = 'ord_twice'")
      assert.isFalse(yield* open.keep(twice))
      assert.deepStrictEqual(yield* open.match(twice), { _tag: "Settled" })
      assert.strictEqual(yield* jobOfOrder("ord_twice"), "done")
    })
  )

  it.effect("that comes before its order waits for it", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(WebhookInbox, (open) => open.keep(event("evt_early", { orderId: "ord_early" })))
      const first = yield* runOne
      assert.deepInclude(first, { _tag: "Retry", failure: { code: "OrderOfEventUnknown", category: "transient" } })
      assert.deepStrictEqual(yield* eventRow("evt_early"), { state: "received", order_id: null })
      yield* finishedOrder("ord_early", "pi_early")
      yield* rows("update jobs set run_at = now() where key = 'stripe:evt_early'")
      assert.strictEqual((yield* runOne)._tag, "Done")
      assert.strictEqual(yield* jobOfOrder("ord_early"), "ready")
    })
  )

  it.effect("that found no order in a quarter of an hour is kept, and its job is dead", () =>
    Effect.gen(function* () {
      const open = yield* WebhookInbox
      const orphan = event("evt_orphan", { paymentId: "pi_orphan", orderId: "ord_orphan" })
      yield* open.keep(orphan)
      yield* rows("update webhook_events set received_at = now() - interval '14 minutes 59 seconds'")
      // So many attempts that the usual pause is long: the last look is at the end of the wait all the same.
      yield* rows("update jobs set attempts = 12 where key = 'stripe:evt_orphan'")
      const [almost] = [yield* runOne]
      assert.strictEqual(almost._tag, "Retry")
      assert.isAtMost("delayMillis" in almost ? almost.delayMillis : Infinity, 1_000)
      yield* rows("update webhook_events set received_at = now() - interval '15 minutes'")
      yield* rows("update jobs set run_at = now() where key = 'stripe:evt_orphan'")
      assert.deepStrictEqual(yield* runOne, {
        _tag: "Dead",
        failure: { code: "PaymentEventUnmatched", category: "permanent" }
      })
      assert.deepStrictEqual(yield* eventRow("evt_orphan"), { state: "unmatched", order_id: null })
      yield* finishedOrder("ord_orphan", "pi_orphan")
      assert.deepStrictEqual(yield* open.match(orphan), { _tag: "Matched", orderId: "ord_orphan" })
    })
  )

  it.effect("about no payment is kept, and nobody works on it", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(WebhookInbox, (open) => open.keep(event("evt_other", {})))
      assert.deepStrictEqual(yield* eventRow("evt_other"), { state: "ignored", order_id: null })
      assert.deepStrictEqual(yield* rows("select 1 from jobs where key = 'stripe:evt_other'"), [])
    })
  )
})
