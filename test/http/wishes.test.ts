/** Cancels and refunds at the door: who may, under which key and version, and what the answer says. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { OrderVersionDiffers } from "../../src/orders/errors.ts"
import { Orders, Shop } from "../../src/testing/index.ts"
import { UserId } from "../../src/users/User.ts"
import { Users } from "../../src/users/Users.ts"
import { doorOver, fieldsOf, json, member, newKey, openDoor, refusal, send } from "./door.ts"

type Headers = Record<string, string>

const press = { lines: [{ sku: "KITCHEN-PRESS-08", quantity: 1 }], payment_method: "pm_card_authenticationRequired" }
const kettle = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }

const placed = (headers: Headers, body: unknown, key = newKey()) =>
  Effect.map(send("POST", "/v1/orders", { headers: { ...headers, ...key }, body }), json)
const operator = Effect.gen(function* () {
  const who = yield* member
  yield* Effect.flatMap(Users, (users) => users.setRole(UserId.make(who.id), "operator"))
  return who
})

layer(openDoor, { excludeTestServices: true })("a cancel", (it) => {
  it.effect("is 200 with the order as it ended, and its repeat the same without a version", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const order = yield* placed(headers, press)
      const key = newKey()
      const path = `/v1/orders/${order.id}/cancel`
      const asked = { headers: { ...headers, ...key, "if-match": `"${order.version}"` } }
      const answer = yield* send("POST", path, asked)
      assert.strictEqual(answer.status, 200, answer.text)
      assert.deepStrictEqual([json(answer).status, json(answer).payment], ["cancelled", { status: "cancelled" }])
      assert.strictEqual(answer.headers["etag"], `"${json(answer).version}"`)
      const again = yield* send("POST", path, { headers: { ...headers, ...key } })
      assert.deepStrictEqual([again.status, again.headers["idempotent-replayed"]], [200, "true"])
      assert.strictEqual(again.text, answer.text)
    })
  )

  it.effect("wants a version and a key, and the version that is", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const order = yield* placed(headers, press)
      const path = `/v1/orders/${order.id}/cancel`
      const match = { "if-match": `"${order.version}"` }
      yield* refusal([400, "idempotency_key_missing"], "POST", path, { headers: { ...headers, ...match } })
      const key = newKey()
      yield* refusal([428, "precondition_required"], "POST", path, { headers: { ...headers, ...key } })
      for (const tag of [`"${order.version + 1}"`, `W/"${order.version}"`, `"abc"`]) {
        const asked = { headers: { ...headers, ...newKey(), "if-match": tag } }
        const { headers: answered } = yield* refusal([412, "precondition_failed"], "POST", path, asked)
        assert.strictEqual(answered["etag"], `"${order.version}"`)
      }
      assert.strictEqual(json(yield* send("GET", `/v1/orders/${order.id}`, { headers })).version, order.version)
      const asked = { headers: { ...headers, ...key, ...match } }
      assert.strictEqual((yield* send("POST", path, asked)).status, 200)
    })
  )

  it.effect("needs no body, and takes none that is not JSON; that uses no key up", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const order = yield* placed(headers, press)
      const path = `/v1/orders/${order.id}/cancel`
      const all = { ...headers, ...newKey(), "if-match": `"${order.version}"` }
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"]) {
        const asked = { headers: { ...all, "content-type": type }, body: "please" }
        const refused = yield* refusal([415, "unsupported_media_type"], "POST", path, asked)
        assert.strictEqual(refused.headers["accept-post"], "application/json")
      }
      const asked = { headers: { ...all, "content-type": "application/json; charset=utf-8" }, body: "{}" }
      const answer = yield* send("POST", path, asked)
      assert.deepStrictEqual([answer.status, answer.headers["idempotent-replayed"]], [200, undefined])
    })
  )

  it.effect("may have the key that its order was placed under: it is another route's", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const key = newKey()
      const order = yield* placed(headers, press, key)
      const asked = { headers: { ...headers, ...key, "if-match": `"${order.version}"` } }
      const answer = yield* send("POST", `/v1/orders/${order.id}/cancel`, asked)
      assert.deepStrictEqual([answer.status, answer.headers["idempotent-replayed"]], [200, undefined])
    })
  )

  it.effect("of an order that was paid for is a 409 that says how the order stands", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const order = yield* placed(headers, kettle)
      const { body } = yield* paid(headers, order.id)
      const asked = { headers: { ...headers, ...newKey(), "if-match": `"${body.version}"` } }
      const { problem } = yield* refusal([409, "order_state_conflict"], "POST", `/v1/orders/${order.id}/cancel`, asked)
      assert.deepStrictEqual([problem.reason, problem.side_effects], ["captured", "none"])
    })
  )
})

/** A shop whose payments are all in doubt. */
const inDoubt = Layer.effect(
  Orders,
  Effect.map(Orders, (orders) => {
    const status = "payment_in_doubt" as const
    return Orders.of({
      ...orders,
      follow: (userId, id, millis) => Effect.map(orders.follow(userId, id, millis), (order) => ({ ...order, status })),
      cancel: (userId, key, { id, version }) =>
        orders
          .cancel(userId, key, { id, version: version - 1 })
          .pipe(
            Effect.catchTag("OrderVersionDiffers", ({ orderId, version }) =>
              Effect.fail(new OrderVersionDiffers({ orderId, status, version }))
            )
          )
    })
  })
).pipe(Layer.provideMerge(Shop.layerMemory))

layer(doorOver(inDoubt), { excludeTestServices: true })("an order whose payment is in doubt", (it) => {
  it.effect("has the same tag for who reads it and for who is told that it has changed", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const order = yield* placed(headers, press)
      const tag = (yield* send("GET", `/v1/orders/${order.id}`, { headers })).headers["etag"] ?? ""
      assert.match(tag, /^"\d+-in-doubt"$/)
      const asked = { headers: { ...headers, ...newKey(), "if-match": tag } }
      const refused = yield* refusal([412, "precondition_failed"], "POST", `/v1/orders/${order.id}/cancel`, asked)
      assert.strictEqual(refused.headers["etag"], tag)
    })
  )
})

layer(openDoor, { excludeTestServices: true })("a refund", (it) => {
  it.effect("is 201 with the order when the money is back, in part or whole", () =>
    Effect.gen(function* () {
      const [buyer, { headers }] = [yield* member, yield* operator]
      const order = yield* placed(buyer.headers, kettle)
      yield* paid(buyer.headers, order.id)
      const path = `/v1/orders/${order.id}/refunds`
      const part = yield* send("POST", path, { headers: { ...headers, ...newKey() }, body: { amount: 90 } })
      assert.strictEqual(part.status, 201, part.text)
      assert.deepStrictEqual(json(part).payment, { status: "captured", refunded: 90 })
      const rest = json(yield* send("POST", path, { headers: { ...headers, ...newKey() }, body: {} }))
      assert.deepStrictEqual([rest.status, rest.payment.refunded], ["refunded", order.total])
    })
  )

  it.effect("of more than there is is a 422 that points at the amount", () =>
    Effect.gen(function* () {
      const [buyer, { headers }] = [yield* member, yield* operator]
      const order = yield* placed(buyer.headers, kettle)
      yield* paid(buyer.headers, order.id)
      const asked = { headers: { ...headers, ...newKey() }, body: { amount: order.total + 1 } }
      const { problem } = yield* refusal(
        [422, "business_rule_violated"],
        "POST",
        `/v1/orders/${order.id}/refunds`,
        asked
      )
      assert.deepStrictEqual(fieldsOf(problem), ["payload /amount refund_too_large"])
    })
  )

  it.effect("is for operators, names an amount above nothing, and an order that exists", () =>
    Effect.gen(function* () {
      const [buyer, { headers }] = [yield* member, yield* operator]
      const order = yield* placed(buyer.headers, kettle)
      const path = `/v1/orders/${order.id}/refunds`
      const asked = (who: Headers, body: unknown) => ({ headers: { ...who, ...newKey() }, body })
      yield* refusal([403, "forbidden"], "POST", path, asked(buyer.headers, {}))
      yield* refusal([400, "validation_failed"], "POST", path, asked(headers, { amount: 0 }))
      yield* refusal([404, "not_found"], "POST", "/v1/orders/ord_nowhere/refunds", asked(headers, {}))
    })
  )
})

layer(openDoor, { excludeTestServices: true })("an idempotency key", (it) => {
  it.effect("tells whether its order arrived", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const key = newKey()
      const asked = (name: string) => send("GET", `/v1/orders?idempotency_key=${name}`, { headers })
      const order = yield* placed(headers, kettle, key)
      const found = json(yield* asked(key["idempotency-key"]))
      assert.deepStrictEqual([found.data.map((one: { id: string }) => one.id), found.has_more], [[order.id], false])
      assert.deepStrictEqual(json(yield* asked("never-used-before")).data, [])
      yield* refusal([400, "validation_failed"], "GET", "/v1/orders?idempotency_key=short", { headers })
    })
  )
})

/** The order as soon as its money was taken. */
const paid = (headers: Headers, id: string) =>
  Effect.repeat(
    Effect.map(send("GET", `/v1/orders/${id}`, { headers }), (answer) => ({ body: json(answer) })),
    { until: ({ body }) => body.status === "captured" }
  )
