/** Orders at the door: what becomes of one, whose it is, and how long a client waits for it. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Orders, Shop } from "../../src/testing/index.ts"
import { doorOver, fieldsOf, json, member, newKey, openDoor, refusal, send } from "./door.ts"

const line = (sku: string, quantity = 1) => ({ sku, quantity })
const kettle = { lines: [line("KITCHEN-KETTLE-12")], payment_method: "pm_card_visa" }
type Headers = Record<string, string>

const order = (headers: Headers, body: unknown = kettle) => send("POST", "/v1/orders", { headers, body })
const refusedOrder = (expected: readonly [number, string], headers: Headers, body: unknown = kettle) =>
  refusal(expected, "POST", "/v1/orders", { headers, body })

layer(openDoor, { excludeTestServices: true })("an order", (it) => {
  it.effect("that is paid is 201, with where it is and its version", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const answer = yield* order({ ...headers, ...newKey() })
      const placed = json(answer)
      assert.strictEqual(answer.status, 201, answer.text)
      assert.strictEqual(answer.headers["location"], `/v1/orders/${placed.id}`)
      assert.strictEqual(answer.headers["etag"], `"${placed.version}"`)
      assert.notProperty(answer.headers, "idempotent-replayed")
      assert.match(answer.headers["idempotency-key-expires"] ?? "", /^\d{4}-\d\d-\d\dT/)
      assert.deepStrictEqual(placed.lines[0], {
        sku: "KITCHEN-KETTLE-12",
        name: "Gooseneck kettle, 1.2 l",
        quantity: 1,
        unit_price: 4990,
        total: 4990
      })
      const read = yield* send("GET", `/v1/orders/${placed.id}`, { headers })
      assert.strictEqual(read.status, 200)
      assert.strictEqual(json(read).id, placed.id)
      assert.deepStrictEqual([placed.resource, json(read).resource], [undefined, undefined])
    })
  )

  it.effect("whose card is declined is a 402 that names the order and why, and the order says so", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      for (const [card, reason] of [
        ["pm_card_chargeDeclined", "declined"],
        ["pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"],
        ["pm_card_chargeDeclinedExpiredCard", "expired_card"],
        ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"],
        ["pm_card_chargeDeclinedFraudulent", "declined"]
      ] as const) {
        const declined = { ...kettle, payment_method: card }
        const { problem } = yield* refusedOrder([402, "payment_declined"], { ...headers, ...newKey() }, declined)
        assert.deepStrictEqual([problem.reason, problem.retry, problem.side_effects], [reason, "new_key", "committed"])
        const read = json(yield* send("GET", problem.resource ?? "", { headers }))
        assert.deepStrictEqual(
          [read.status, read.failure, read.payment],
          ["failed", { code: "payment_declined", reason }, { status: "declined" }]
        )
      }
    })
  )

  it.effect("of more than there is is a 409 that points at each line, with what there is", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const body = { ...kettle, lines: [line("KITCHEN-KETTLE-12"), line("KITCHEN-PRESS-08", 3)] }
      const { problem } = yield* refusedOrder([409, "insufficient_stock"], { ...headers, ...newKey() }, body)
      assert.deepStrictEqual(problem.errors, [
        {
          in: "payload",
          pointer: "/lines/1/quantity",
          code: "insufficient_stock",
          message: "3 requested, 1 available"
        }
      ])
      assert.deepStrictEqual([problem.side_effects, problem.retry], ["committed", "after_change"])
      assert.strictEqual(json(yield* send("GET", problem.resource ?? "", { headers })).status, "failed")
    })
  )

  it.effect("of what is not sold is a 422 that points at each line", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const body = { ...kettle, lines: [line("NO-SUCH-THING"), line("KITCHEN-KETTLE-12"), line("NOR-THIS")] }
      const { problem } = yield* refusedOrder([422, "unknown_reference"], { ...headers, ...newKey() }, body)
      assert.deepStrictEqual(fieldsOf(problem), [
        "payload /lines/0/sku unknown_reference",
        "payload /lines/2/sku unknown_reference"
      ])
      assert.strictEqual(problem.side_effects, "none")
    })
  )

  it.effect("with a discount that does not exist is a 422 that points at it", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const body = { ...kettle, discount_code: "NO-SUCH-CODE" }
      const { problem } = yield* refusedOrder([422, "business_rule_violated"], { ...headers, ...newKey() }, body)
      assert.deepStrictEqual(fieldsOf(problem), ["payload /discount_code discount_unknown"])
    })
  )

  it.effect("at another price than expected is a 409 with both", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const body = { ...kettle, expected_total: 1 }
      const { problem } = yield* refusedOrder([409, "price_changed"], { ...headers, ...newKey() }, body)
      assert.deepStrictEqual(fieldsOf(problem), ["payload /expected_total price_changed"])
      assert.match(problem.errors?.[0]?.message ?? "", /^1 expected, \d+ EUR now$/)
    })
  )

  it.effect("of another account is not found, like one that does not exist", () =>
    Effect.gen(function* () {
      const [owner, other] = [yield* member, yield* member]
      const { id } = json(yield* order({ ...owner.headers, ...newKey() }))
      const { headers } = other
      for (const path of [`/v1/orders/${id}`, `/v1/orders/${id}?wait=1`, `/v1/orders/${id}/timeline`]) {
        yield* refusal([404, "not_found"], "GET", path, { headers })
      }
      yield* refusal([404, "not_found"], "GET", "/v1/orders/ord_nobodys", { headers })
      assert.deepStrictEqual(json(yield* send("GET", "/v1/orders", { headers })).data, [])
    })
  )
})

/** How long the door has let its clients wait, in milliseconds. */
class Waits extends Context.Service<Waits, Array<number>>()("holdfast/test/Waits") {
  static readonly layer = Layer.sync(Waits, () => [])
}

/** Orders that nobody waits for: what a client sees is how the order is at once. */
const unawaited = Layer.effect(
  Orders,
  Effect.gen(function* () {
    const [waits, orders] = [yield* Waits, yield* Orders]
    return Orders.of({
      ...orders,
      follow: (userId, id, waitMillis) => {
        waits.push(waitMillis)
        return orders.follow(userId, id, 0)
      }
    })
  })
).pipe(Layer.provideMerge(Layer.merge(Shop.layerMemory, Waits.layer)))

layer(doorOver(unawaited), { excludeTestServices: true })("waiting for an order", (it) => {
  it.effect.each([
    [undefined, 5_000],
    ["wait=0", 0],
    ["wait=7", 7_000],
    ["respond-async, wait=3", 3_000],
    ["wait=31", 30_000],
    ["wait=999999", 30_000],
    ["wait=-1", 5_000],
    ["wait=soon", 5_000],
    ["await=9", 5_000],
    ["", 5_000]
  ] as const)("takes as long as Prefer says: %s", ([prefer, millis]) =>
    Effect.gen(function* () {
      const { headers } = yield* member
      yield* order({ ...headers, ...newKey(), ...(prefer === undefined ? {} : { prefer }) })
      assert.strictEqual((yield* Waits).at(-1), millis)
    })
  )

  it.effect("of a GET is as long as the query says, and not at all without", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const { id } = json(yield* order({ ...headers, ...newKey() }))
      yield* send("GET", `/v1/orders/${id}?wait=2`, { headers })
      yield* send("GET", `/v1/orders/${id}`, { headers })
      assert.deepStrictEqual((yield* Waits).slice(-2), [2_000, 0])
    })
  )

  it.effect("that is over before the order is done is a 202 with where to look, and when", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const answer = yield* order({ ...headers, ...newKey(), prefer: "wait=0" })
      assert.strictEqual(answer.status, 202)
      assert.strictEqual(answer.headers["location"], `/v1/orders/${json(answer).id}`)
      assert.strictEqual(json(answer).resource, `/v1/orders/${json(answer).id}`)
      assert.match(answer.headers["retry-after"] ?? "", /^[1-9]\d?$/)
      assert.strictEqual(json(answer).payment.status, "pending")
    })
  )
})

layer(openDoor, { excludeTestServices: true })("an order that is not done", (it) => {
  it.effect("is followed by repeating the request under its key", () =>
    Effect.gen(function* () {
      const who = yield* member
      const headers = { ...who.headers, ...newKey() }
      const early = yield* order({ ...headers, prefer: "wait=0" })
      const later = yield* order(headers)
      assert.deepStrictEqual([later.status, json(later).id], [201, json(early).id])
    })
  )

  it.effect("because the bank asks the customer is a 202 at once", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const body = { ...kettle, payment_method: "pm_card_authenticationRequired" }
      const answer = yield* order({ ...headers, ...newKey() }, body)
      assert.deepStrictEqual([answer.status, json(answer).payment.status], [202, "requires_action"])
    })
  )

  it.effect("is always a 200 for GET", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const early = json(yield* order({ ...headers, ...newKey(), prefer: "wait=0" }))
      const declined = { ...kettle, payment_method: "pm_card_chargeDeclined" }
      const { problem } = yield* refusedOrder([402, "payment_declined"], { ...headers, ...newKey() }, declined)
      for (const path of [`/v1/orders/${early.id}`, problem.resource ?? ""]) {
        assert.strictEqual((yield* send("GET", path, { headers })).status, 200)
      }
    })
  )

  it.effect("has a timeline", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const { id } = json(yield* order({ ...headers, ...newKey() }))
      const { data } = json(yield* send("GET", `/v1/orders/${id}/timeline`, { headers }))
      const steps = data.map(({ step }: { readonly step: string }) => step)
      assert.includeMembers(steps, ["placed", "confirmed"])
    })
  )
})
