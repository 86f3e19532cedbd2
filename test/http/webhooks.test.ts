/** Webhooks at the door: signed bytes in, an acknowledgement or a problem out. */
import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Redacted } from "effect"
import { sign } from "../../src/orders/webhooks/signature.ts"
import { json, member, newKey, openDoor, refusal, send } from "./door.ts"

const path = "/v1/webhooks/payments"
const secret = Redacted.make("whsec_in_memory")
const signed = (text: string, agoSeconds = 0) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    body: text,
    headers: { "stripe-signature": sign(secret, Math.floor(now / 1000) - agoSeconds, new TextEncoder().encode(text)) }
  }))
const event = (orderId: string, id = "evt_door") =>
  JSON.stringify({
    id,
    type: "payment_intent.succeeded",
    a_member_that_nobody_knows: { at: "all" },
    data: { object: { object: "payment_intent", id: "pi_1", metadata: { order_id: orderId } } }
  })

layer(openDoor, { excludeTestServices: true })("a webhook", (it) => {
  it.effect("that is signed is acknowledged, again and again", () =>
    Effect.gen(function* () {
      const asked = yield* signed(event("ord_1"))
      for (const _ of [1, 2]) {
        const answer = yield* send("POST", path, asked)
        assert.strictEqual(answer.status, 200, answer.text)
        assert.deepStrictEqual(json(answer), { received: true })
      }
    })
  )

  it.effect("is the same event with a charset, with other spaces, and without a session", () =>
    Effect.gen(function* () {
      const asked = yield* signed(`  ${event("ord_1")}\n`)
      const headers = { ...asked.headers, "content-type": "application/json; charset=utf-8" }
      assert.strictEqual((yield* send("POST", path, { ...asked, headers })).status, 200)
    })
  )

  it.effect("that is not signed, or by somebody else, or long ago, is a 401 that says which", () =>
    Effect.gen(function* () {
      const { body, headers } = yield* signed(event("ord_1"))
      const old = yield* signed(event("ord_1"), 301)
      for (const [asked, reason] of [
        [{ body }, "signature_missing"],
        [{ body, headers: { "stripe-signature": "t=1" } }, "signature_malformed"],
        [{ body: `${body} `, headers }, "signature_wrong"],
        [old, "signature_too_old"]
      ] as const) {
        const { headers: answered, problem } = yield* refusal([401, "unauthenticated"], "POST", path, asked)
        assert.deepInclude(problem, { reason, side_effects: "none", retry: "after_change" })
        assert.strictEqual(answered["www-authenticate"], "Stripe-Signature")
      }
    })
  )

  it.effect("that is signed and no event is a 400", () =>
    Effect.gen(function* () {
      for (const text of ["{", "null", '{"id":"evt_1"}', "[1]", " "]) {
        yield* refusal([400, "malformed_request"], "POST", path, yield* signed(text))
      }
    })
  )

  it.effect("of an order that is done changes nothing that its owner can see", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const kettle = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }
      const placed = json(yield* send("POST", "/v1/orders", { headers: { ...headers, ...newKey() }, body: kettle }))
      assert.strictEqual((yield* send("POST", path, yield* signed(event(placed.id, "evt_done")))).status, 200)
      const settled = yield* send("GET", `/v1/orders/${placed.id}?wait=0`, { headers })
      assert.include(["confirmed", "captured"], json(settled).status)
    })
  )
})
