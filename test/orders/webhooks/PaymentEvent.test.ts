/** Events, reduced to ids. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { isAboutPayment, readEvent } from "../../../src/orders/webhooks/PaymentEvent.ts"

const read = (event: unknown) =>
  Option.getOrUndefined(readEvent(new TextEncoder().encode(typeof event === "string" ? event : JSON.stringify(event))))
const event = (object: object) => ({ id: "evt_1", type: "a.b", data: { object } })

describe("an event", () => {
  it("of a payment names it, and the order that its metadata names; all else is left behind", () => {
    const object = {
      object: "payment_intent",
      id: "pi_1",
      metadata: { order_id: "ord_1", more: "x" },
      amount: 5,
      email: "a@b"
    }
    assert.deepStrictEqual(read({ ...event(object), livemode: false, account: "acct_1" }), {
      provider: "stripe",
      id: "evt_1",
      type: "a.b",
      paymentId: "pi_1",
      claimedOrderId: "ord_1" as never
    })
  })

  it.each(["charge", "refund", "dispute"])("of a %s names the payment that it belongs to", (object) =>
    assert.strictEqual(read(event({ object, id: "x_1", payment_intent: "pi_1" }))?.paymentId, "pi_1")
  )

  it.each([
    { object: "customer", id: "cus_1" },
    { object: "charge", id: "ch_1", payment_intent: null, metadata: {} },
    { object: "payment_intent", id: 7, metadata: { order_id: "not ours" } },
    {}
  ])("of something else is an event about no payment: %j", (object) => {
    const found = read(event(object))
    assert.isFalse(found === undefined || isAboutPayment(found))
  })

  it.each([
    "",
    "{",
    "null",
    "[]",
    "7",
    { id: "evt_1" },
    { ...event({}), id: "" },
    { ...event({}), id: "a b" },
    { ...event({}), type: "A\u0000" },
    { ...event({}), data: null }
  ])("that has no id, type or data is none: %j", (what) => assert.isUndefined(read(what)))
})
