/** An order explained: by every id that leads to it, from all tables, over the wire and on a terminal. */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { AskedBy } from "../../../src/telemetry/AskedBy.ts"
import { Orders } from "../../../src/orders/Orders.ts"
import { byHand } from "../../database/byHand.ts"
import { buying } from "../../orders/buying.ts"
import { json, refusal, send } from "../../http/door.ts"
import { opsNode } from "../../http/ops/opsNode.ts"
import { ops } from "../command.ts"

const vic = { headers: { authorization: "Bearer token-of-vic" } }
const { buyer, goods } = buying("explained")
const request = `req_${"0a".repeat(16)}`

interface Told {
  readonly asked: string
  readonly as_of: string
  readonly summary: string
  readonly orders: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly waits: ReadonlyArray<{ readonly because: string; readonly what: string }>
  readonly next: ReadonlyArray<{ readonly at?: string; readonly about: string; readonly what: string }>
  readonly entries: ReadonlyArray<{
    readonly at: string
    readonly source: string
    readonly what: string
    readonly facts: Readonly<Record<string, unknown>>
  }>
}
const explained = (id: string) =>
  Effect.map(send("GET", `/ops/api/explain?id=${encodeURIComponent(id)}`, vic), (answer) => {
    assert.strictEqual(answer.status, 200, answer.text)
    return json(answer) as unknown as Told
  })

const bought = Effect.fnUntraced(function* (key: string, requestId: string) {
  const [userId, sku, orders] = [yield* buyer, yield* goods(10, 500), yield* Orders]
  const placed = yield* orders
    .place(userId, key, { lines: [{ sku, quantity: 2 }], paymentMethod: "pm_card_visa" })
    .pipe(Effect.provideService(AskedBy, requestId))
  const id = placed.orderId
  yield* Effect.repeat(orders.find(userId, id), { until: ({ status }) => status === "captured" })
  yield* Effect.repeat(byHand(`select 1 from jobs where queue = 'orders' and key = '${id}' and state = 'done'`), {
    until: (done) => done.length > 0
  })
  const [payment] = yield* byHand(`select provider_id from payments where order_id = '${id}'`)
  return { id, userId, key, payment: String((payment as Record<string, unknown>)["provider_id"]) }
})

layer(opsNode, { excludeTestServices: true })("an explanation", (it) => {
  it.effect("is found by order, request, key, payment, operation and job, and is the same", () =>
    Effect.gen(function* () {
      const it = yield* bought("explained-by-all", request)
      const [job] = yield* byHand(`select id::text from jobs where key = '${it.id}' and queue = 'orders'`)
      const ids = [
        ["order", it.id],
        ["request", request],
        ["idempotency_key", it.key],
        ["payment", it.payment],
        ["payment_operation", `${it.id}:capture:0`],
        ["job", String((job as Record<string, unknown>)["id"])]
      ] as const
      for (const [asked, id] of ids) {
        const told = yield* explained(id)
        assert.deepStrictEqual([asked, told.asked, told.orders.map((order) => order["id"])], [asked, asked, [it.id]])
      }
    })
  )

  it.effect("tells what was asked, each step, what the provider said and what money moved, in order", () =>
    Effect.gen(function* () {
      const it = yield* bought("explained-in-order", `req_${"0b".repeat(16)}`)
      const { entries, next, orders, waits } = yield* explained(it.id)
      const what = entries.map(({ source, what }) => `${source}: ${what}`)
      for (const one of [
        "request: POST /v1/orders was taken",
        "order: reserved",
        "payment: confirm was sent",
        "payment: confirm succeeded",
        "money: provider_balance to sales",
        "order: captured",
        "job: its job is done (orders)"
      ]) {
        assert.include(what, one)
      }
      const times = entries.map(({ at }) => Date.parse(at))
      assert.deepStrictEqual(
        times,
        times.toSorted((one, other) => one - other)
      )
      assert.deepInclude(orders[0], {
        status: "captured",
        total: { amount: 1000, currency: "CHF" },
        payment: it.payment
      })
      assert.deepStrictEqual(
        [waits, next.filter(({ about }) => about === it.id).map((one) => one.what)],
        [[], ["nothing more by itself: the order is finished"]]
      )
    })
  )

  it.effect("says what an order waits for, and when what happens", () =>
    Effect.gen(function* () {
      const { id } = yield* bought("explained-waiting", `req_${"0c".repeat(16)}`)
      yield* byHand(`update orders set status = 'confirmed', status_since = now() where id = '${id}'`)
      yield* byHand(
        `update payment_operations set state = 'sent', resolved_at = null, first_sent_at = now() - interval '1 minute'
           where id = '${id}:capture:0'`
      )
      yield* byHand(
        `update jobs set state = 'ready', run_at = now() + interval '40 seconds', finished_at = null, attempts = 4,
           last_error = '{"code":"DependencyUnavailable","category":"transient"}', last_failed_at = now()
           where queue = 'orders' and key = '${id}'`
      )
      const { as_of, next: all, summary, waits } = yield* explained(id)
      const next = all.filter(({ about }) => about === id)
      assert.deepStrictEqual(
        waits.map(({ because }) => because),
        ["backoff", "provider"]
      )
      assert.match(next[0]?.what ?? "", /^the payment is asked about again, and taken under its first key/)
      const asOf = Date.parse(as_of)
      assert.closeTo(Date.parse(next[0]?.at ?? "") - asOf, 40_000, 5_000)
      assert.deepStrictEqual(next[1]?.what, "a person is called (PaymentsInDoubt)")
      assert.include(summary, "CHF 10.00 has been confirmed for")
    })
  )

  it.effect("tells of a key that was refused, and of nothing when nothing is known", () =>
    Effect.gen(function* () {
      const [userId, sku, orders] = [yield* buyer, yield* goods(10, 500), yield* Orders]
      const cart = { lines: [{ sku, quantity: 1 }], paymentMethod: "pm_card_visa", expectedTotal: 1 }
      yield* Effect.flip(orders.place(userId, "explained-refused", cart))
      const { entries, orders: none } = yield* explained("explained-refused")
      assert.deepStrictEqual(
        [none, entries.map(({ facts, what }) => [what, facts["code"]])],
        [[], [["POST /v1/orders was refused", "PriceChanged"]]]
      )
      yield* refusal([404, "not_found"], "GET", `/ops/api/explain?id=${request.replaceAll("a", "f")}`, vic)
      yield* refusal([400, "validation_failed"], "GET", "/ops/api/explain?id=", vic)
      yield* refusal([401, "unauthenticated"], "GET", "/ops/api/explain?id=ord_1")
    })
  )

  it.effect("tells of an order that waits to be decided, by its own id, its request's and its key", () =>
    Effect.gen(function* () {
      const [id, asked] = [`dfr_${"1f".repeat(24)}`, `req_${"1f".repeat(16)}`]
      yield* byHand(`insert into deferred (id, kind, account, key, fingerprint, payload, accepted_at, accept_until)
        values ('${id}', 'order', 'usr_1', 'explained-deferred', 'f', '{"requestId":"${asked}"}', now(), now() + interval '1 hour')`)
      yield* byHand(
        `insert into jobs (queue, key, payload, run_at) values ('deferred', '${id}', '{}', now() + interval '30 s')`
      )
      for (const by of [id, asked, "explained-deferred"]) {
        const { next, summary } = yield* explained(by)
        assert.match(summary, new RegExp(`${id}, an order taken \\d+ s ago, waits to be decided`))
        assert.strictEqual(next[0]?.what, "it is decided, as if it were handed in now")
      }
    })
  )

  it.effect("says nothing of whose order it is but the account's id", () =>
    Effect.gen(function* () {
      const it = yield* bought("explained-nobody", `req_${"0d".repeat(16)}`)
      const { text } = yield* send("GET", `/ops/api/explain?id=${it.id}`, vic)
      assert.include(text, it.userId)
      for (const personal of ["@example.com", "A Buyer", "explained-nobody", "pm_card_visa"]) {
        assert.notInclude(text, personal)
      }
    })
  )

  it.effect("comes on a terminal with the lines of a log that name it, also when only the log knows", () =>
    Effect.gen(function* () {
      const it = yield* bought("explained-in-words", `req_${"0e".repeat(16)}`)
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "explain-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const log = join(folder, "node.log")
      const now = DateTime.formatIso(yield* DateTime.now)
      const line = (fields: Readonly<Record<string, string>>) =>
        appendFileSync(log, `${JSON.stringify({ timestamp: now, level: "WARN", ...fields })}\n`)
      line({ message: "order waits", order_id: it.id, code: "DependencyUnavailable" })
      line({ message: "order waits", order_id: "ord_another" })
      line({ message: "request refused", request_id: request.replaceAll("a", "9"), code: "overloaded" })
      appendFileSync(log, "npm says hello\n")

      const { code, said } = yield* ops(["explain", it.id, "--log", log], "token-of-vic")
      assert.strictEqual(code, 0, said)
      assert.match(said, /^ord_\w+ over CHF 10\.00 has been captured for \d+ s\./)
      assert.match(said, /log +WARN order waits +order_id=ord_\w+ code=DependencyUnavailable/)
      assert.notInclude(said, "ord_another")
      const alone = yield* ops(["explain", request.replaceAll("a", "9"), "--log", log, "--json"], "token-of-vic")
      assert.deepStrictEqual(
        (JSON.parse(alone.said) as Told).entries.map(({ what }) => what),
        ["WARN request refused"]
      )
    })
  )
})
