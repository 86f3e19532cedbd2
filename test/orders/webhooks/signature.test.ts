/** The provider's signature: what is let in, and why the rest is not. */
import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { Stripe } from "stripe"
import { refusalOf, sign, toleranceSeconds } from "../../../src/orders/webhooks/signature.ts"

const secret = Redacted.make("whsec_test_of_signatures")
const bytes = (text: string) => new TextEncoder().encode(text)
const now = 1_800_000_000
const body = bytes('{"id":"evt_1","note":"Grüße"}')
const good = sign(secret, now, body)
const mac = good.slice(good.indexOf("v1="))
const refusal = (header: string | undefined, at = now, what = body) => refusalOf(header, what, secret, at * 1000)

describe("a signature", () => {
  it("over these bytes, at this time, with this secret is genuine", () => assert.isUndefined(refusal(good)))

  it("is the one that the provider's own library makes and checks", () => {
    const text = new TextDecoder().decode(body)
    const theirs = Stripe.webhooks.generateTestHeaderString({
      payload: text,
      secret: Redacted.value(secret),
      timestamp: now
    })
    assert.isUndefined(refusal(theirs))
    const event = Stripe.webhooks.constructEvent(text, good, Redacted.value(secret), toleranceSeconds, undefined, now)
    assert.strictEqual(event.id, "evt_1")
  })

  it.each([
    ["of another body", good, now, bytes('{"id":"evt_2"}')],
    ["of another secret", sign(Redacted.make("whsec_other"), now, body), now, body],
    ["for another time", `t=${now + 1},${mac}`, now, body]
  ])("%s is wrong", (_what, header, at, what) => assert.strictEqual(refusal(header, at, what), "wrong"))

  it.each([undefined, ""])("that is not there (%s) is missing", (header) =>
    assert.strictEqual(refusal(header), "missing")
  )

  it.each([
    `t=${now}`,
    mac,
    `t=now,${mac}`,
    `t=${now},v1=abc`,
    `t=${now},v0=${mac.slice(3)}`,
    "nonsense",
    `t=-1,${mac}`
  ])("that cannot be read is malformed: %s", (header) => assert.strictEqual(refusal(header), "malformed"))

  it("beside others is enough, wherever it stands", () => {
    const other = `v1=${"0".repeat(64)}`
    assert.isUndefined(refusal(`t=${now},${other},${mac}`))
    assert.isUndefined(refusal(`t=${now}, ${mac}, ${other}, v0=${"1".repeat(64)}, more=x`))
  })

  it("holds for five minutes, either way", () => {
    for (const at of [now + toleranceSeconds, now - toleranceSeconds]) assert.isUndefined(refusal(good, at))
    for (const at of [now + toleranceSeconds + 1, now - toleranceSeconds - 1]) {
      assert.strictEqual(refusal(good, at), "too_old")
    }
  })

  it("that is old and not genuine is wrong: its age is not told", () =>
    assert.strictEqual(refusal(`t=1,v1=${"0".repeat(64)}`), "wrong"))
})
