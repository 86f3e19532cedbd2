/** Deferred writes at the door: custody, whose it is, what becomes of it, and what is no answer. */
import { assert, layer } from "@effect/vitest"
import { Clock, DateTime, Effect } from "effect"
import { Sku } from "../../src/catalog/Product.ts"
import { makeHandover } from "../../src/jobs/spool/handover.ts"
import { Spool } from "../../src/jobs/spool/Spool.ts"
import { Catalog } from "../../src/testing/index.ts"
import { during, shop } from "./away.ts"
import { doorOver, json, member, newKey, problemIn, refusal, send } from "./door.ts"

const kettle = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }
type Headers = Record<string, string>
const place = (headers: Headers) => send("POST", "/v1/orders", { headers, body: kettle })
const look = (id: string, headers: Headers = {}) => send("GET", `/v1/deferred/${id}`, { headers })

layer(doorOver(shop), { excludeTestServices: true })("a deferred write", (it) => {
  it.effect("is 202 with where to ask, the same again for the same key, and in the end an order", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const keyed = { ...headers, ...newKey() }
      const [first, again] = yield* during(Effect.all([place(keyed), place(keyed)]))
      assert.deepStrictEqual([first.status, again.status], [202, 202], first.text)
      const { id, ...shown } = json(first)
      assert.match(id, /^dfr_[0-9a-f]{48}$/)
      const total = { amount: 5_580, currency: "EUR" }
      assert.deepInclude(shown, { status: "waiting", quoted_total: total })
      assert.isAbove(DateTime.toEpochMillis(DateTime.makeUnsafe(shown.accept_until)), 0)
      assert.deepStrictEqual(json(again), json(first))
      assert.strictEqual(again.headers["idempotent-replayed"], "true")
      assert.notProperty(first.headers, "idempotent-replayed")
      const [expires, same] = [first, again].map(({ headers: said }) => said["idempotency-key-expires"] ?? "")
      const keptFor = DateTime.toEpochMillis(DateTime.makeUnsafe(expires ?? "")) - (yield* Clock.currentTimeMillis)
      assert.closeTo(keptFor / 86_400_000, 30, 0.1)
      assert.strictEqual(same, expires)
      assert.deepStrictEqual([first.headers["location"], first.headers["retry-after"]], [`/v1/deferred/${id}`, "5"])

      const waits = yield* during(look(id, headers))
      assert.deepStrictEqual([waits.status, json(waits)], [200, json(first)])
      yield* Effect.flatten(makeHandover)
      const applied = yield* Effect.repeat(look(id, headers), { until: (answer) => json(answer).status !== "waiting" })
      const direct = yield* place(keyed)
      assert.deepInclude(json(applied), {
        status: "applied",
        resource: `/v1/orders/${json(direct).id}`,
        quoted_total: total
      })
    })
  )

  it.effect("that failed says why, as a problem", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const kettleCosts = Effect.fnUntraced(function* (amount: number) {
        const product = { sku: Sku.make("KITCHEN-KETTLE-12"), name: "Kettle", description: "", received: 99 }
        yield* (yield* Catalog).importProducts([{ ...product, price: { amount, currency: "EUR" } }])
      })
      const kept = yield* during(place({ ...headers, ...newKey() }))
      yield* kettleCosts(9_999)
      yield* Effect.flatten(makeHandover)
      const { id } = json(kept)
      const failed = yield* Effect.repeat(look(id, headers), { until: (answer) => json(answer).status !== "waiting" })
      assert.strictEqual(failed.status, 200)
      const { problem, status } = json(failed)
      assert.strictEqual(status, "failed")
      assert.deepInclude(problem, {
        code: "price_changed",
        status: 409,
        side_effects: "none",
        type: "/problems/price_changed"
      })
      assert.strictEqual(problem.errors[0].pointer, "/expected_total")
      yield* kettleCosts(4_990)
    })
  )

  it.effect("of an order is its account's alone", () =>
    Effect.gen(function* () {
      const [mine, other] = [yield* member, yield* member]
      const { id } = json(yield* during(place({ ...mine.headers, ...newKey() })))
      yield* refusal([404, "not_found"], "GET", `/v1/deferred/${id}`, { headers: other.headers })
      const refused = yield* refusal([401, "unauthenticated"], "GET", `/v1/deferred/${id}`)
      assert.strictEqual(refused.headers["www-authenticate"], "Bearer")
      yield* refusal([401, "unauthenticated"], "GET", `/v1/deferred/${id}`, {
        headers: { authorization: "Bearer sess_x" }
      })
    })
  )

  it.effect("that nobody gave out is not found; one that is kept elsewhere is a 503, whatever the database does", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      yield* refusal([404, "not_found"], "GET", `/v1/deferred/dfr_${"0".repeat(48)}`, { headers })
      const { id } = json(yield* during(place({ ...headers, ...newKey() })))
      yield* (yield* Spool).remove(id)
      for (const answer of [yield* look(id, headers), yield* during(look(id, headers))]) {
        assert.deepStrictEqual([answer.status, problemIn(answer).code], [503, "database_unavailable"])
      }
      assert.strictEqual((yield* send("GET", "/v1/deferred/nonsense")).status, 400)
    })
  )
})
