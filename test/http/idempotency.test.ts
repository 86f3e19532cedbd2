/** Idempotency keys at the door: one account and key are one order, however often it is asked for. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { type Answer, json, member, newKey, openDoor, refusal, send } from "./door.ts"

const line = (sku: string, quantity = 1) => ({ sku, quantity })
const kettle = { lines: [line("KITCHEN-KETTLE-12")], payment_method: "pm_card_visa" }
type Headers = Record<string, string>

const said = (answer: Answer) => [
  answer.headers["idempotency-key-expires"],
  answer.headers["idempotent-replayed"] ?? "first"
]
/** Both say until when the key is kept, the same, and which of them is the repeat. */
const assertKept = (first: Answer, again: Answer) => {
  const [expires = ""] = said(first)
  assert.match(expires, /^\d{4}-\d\d-\d\dT/)
  assert.deepStrictEqual(
    [said(first), said(again)],
    [
      [expires, "first"],
      [expires, "true"]
    ]
  )
}
const order = (headers: Headers, body: unknown = kettle) => send("POST", "/v1/orders", { headers, body })
const refusedOrder = (expected: readonly [number, string], headers: Headers, body: unknown = kettle) =>
  refusal(expected, "POST", "/v1/orders", { headers, body })

layer(openDoor, { excludeTestServices: true })("an idempotency key", (it) => {
  it.effect("is required", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const { problem } = yield* refusedOrder([400, "idempotency_key_missing"], headers)
      assert.strictEqual(problem.retry, "after_change")
      yield* refusedOrder([400, "idempotency_key_missing"], { ...headers, "idempotency-key": "" })
    })
  )

  it.effect.each(["1234567", "k".repeat(256), "has a space", "tab\tinside", '"short"', "schl\u00fcssel"])(
    "is refused when it is not 8 to 255 visible characters: %s",
    (key) =>
      Effect.gen(function* () {
        const { headers } = yield* member
        yield* refusedOrder([400, "idempotency_key_invalid"], { ...headers, "idempotency-key": key })
      })
  )

  it.effect("may have 8 or 255 characters", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      for (const key of ["12345678", "k".repeat(255)]) {
        assert.strictEqual((yield* order({ ...headers, "idempotency-key": key })).status, 201)
      }
    })
  )

  it.effect("repeated answers the same order, and says that it is a repeat", () =>
    Effect.gen(function* () {
      const who = yield* member
      const headers = { ...who.headers, ...newKey() }
      const [first, again] = [yield* order(headers), yield* order(headers)]
      assert.deepStrictEqual([again.status, json(again).id], [201, json(first).id])
      assert.strictEqual(again.headers["idempotent-replayed"], "true")
      assert.strictEqual(json(yield* send("GET", "/v1/orders", who)).data.length, 1)
    })
  )

  it.effect("is the same key with and without quotes", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const plain = yield* order({ ...headers, "idempotency-key": "a-key-of-mine" })
      const quoted = yield* order({ ...headers, "idempotency-key": '"a-key-of-mine"' })
      assert.deepStrictEqual([quoted.status, json(quoted).id], [201, json(plain).id])
    })
  )

  it.effect("of one account is none of another's", () =>
    Effect.gen(function* () {
      const [one, other, key] = [yield* member, yield* member, newKey()]
      const [first, second] = [yield* order({ ...one.headers, ...key }), yield* order({ ...other.headers, ...key })]
      assert.strictEqual(second.status, 201)
      assert.notStrictEqual(json(first).id, json(second).id)
    })
  )

  it.effect("with another body is a 422, and changes nothing", () =>
    Effect.gen(function* () {
      const who = yield* member
      const headers = { ...who.headers, ...newKey() }
      yield* order(headers)
      const { problem } = yield* refusedOrder([422, "idempotency_key_reused"], headers, {
        ...kettle,
        lines: [line("KITCHEN-KETTLE-12", 2)]
      })
      assert.deepStrictEqual([problem.retry, problem.side_effects], ["new_key", "none"])
      assert.strictEqual(json(yield* send("GET", "/v1/orders", who)).data.length, 1)
      assert.strictEqual((yield* order(headers)).status, 201)
    })
  )

  it.effect("with the same body written differently is the same request", () =>
    Effect.gen(function* () {
      const who = yield* member
      const headers = { ...who.headers, ...newKey() }
      yield* order(headers)
      const { lines, payment_method } = kettle
      assert.strictEqual((yield* order(headers, JSON.stringify({ payment_method, lines }, null, 2))).status, 201)
    })
  )

  it.effect("is not used up by what cannot be read or may not be done", () =>
    Effect.gen(function* () {
      const who = yield* member
      const headers: Headers = { ...who.headers, ...newKey() }
      yield* refusedOrder([400, "malformed_request"], headers, "{")
      yield* refusedOrder([400, "malformed_request"], headers, "[".repeat(99))
      yield* refusedOrder([400, "validation_failed"], headers, { ...kettle, lines: [] })
      yield* refusedOrder([401, "unauthenticated"], { ...headers, authorization: "Bearer sess_x" })
      yield* refusedOrder([406, "not_acceptable"], { ...headers, accept: "text/html" })
      yield* refusedOrder([413, "payload_too_large"], headers, "{}".padEnd(300_000))
      yield* refusedOrder([415, "unsupported_media_type"], { ...headers, "content-type": "text/plain" })
      const answer = yield* order(headers)
      assert.deepStrictEqual([answer.status, answer.headers["idempotent-replayed"]], [201, undefined])
    })
  )

  it.effect("of a price that has changed answers the same refusal again, and the right one wants a new key", () =>
    Effect.gen(function* () {
      const who = yield* member
      const headers = { ...who.headers, ...newKey() }
      const wrong = { ...kettle, expected_total: 1 }
      const first = yield* refusedOrder([409, "price_changed"], headers, wrong)
      const again = yield* refusedOrder([409, "price_changed"], headers, wrong)
      assert.deepStrictEqual(again.problem.errors, first.problem.errors)
      assertKept(first, again)
      const right = Number(/(\d+) EUR now/.exec(first.problem.errors?.[0]?.message ?? "")?.[1])
      yield* refusedOrder([422, "idempotency_key_reused"], headers, { ...kettle, expected_total: right })
      const next = { ...who.headers, ...newKey() }
      assert.strictEqual((yield* order(next, { ...kettle, expected_total: right })).status, 201)
    })
  )

  it.effect("of a declined order answers the same refusal again", () =>
    Effect.gen(function* () {
      const who = yield* member
      const headers = { ...who.headers, ...newKey() }
      const declined = { ...kettle, payment_method: "pm_card_chargeDeclined" }
      const first = yield* refusedOrder([402, "payment_declined"], headers, declined)
      const again = yield* refusedOrder([402, "payment_declined"], headers, declined)
      assert.strictEqual(again.problem.resource, first.problem.resource)
      assertKept(first, again)
    })
  )

  it.effect("of an order that was refused before it existed answers the same refusal again", () =>
    Effect.gen(function* () {
      const who = yield* member
      const headers = { ...who.headers, ...newKey() }
      const body = { ...kettle, lines: [line("NO-SUCH-THING")] }
      const first = yield* refusedOrder([422, "unknown_reference"], headers, body)
      const again = yield* refusedOrder([422, "unknown_reference"], headers, body)
      assert.deepStrictEqual(again.problem.errors, first.problem.errors)
      yield* refusedOrder([422, "idempotency_key_reused"], headers, kettle)
    })
  )
})
