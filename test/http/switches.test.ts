/** The door while an operator has the checkout switched off: who ordered before is served, and nobody orders anew. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { KillSwitches } from "../../src/resilience/index.ts"
import { checkout } from "../../src/orders/Orders.ts"
import { json, member, newKey, openDoor, refusal, send } from "./door.ts"

const kettle = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }
const drill = { actor: "ada", reason: "drill" }

/** Switched off while the scope is open. */
const checkoutOff = (expiresIn?: "20 seconds") =>
  Effect.gen(function* () {
    const switches = yield* KillSwitches
    yield* Effect.acquireRelease(
      switches.set(checkout, "off", expiresIn === undefined ? drill : { ...drill, expiresIn }),
      () => switches.clear(checkout, "off", drill)
    )
  })

layer(openDoor, { excludeTestServices: true })("while the checkout is switched off", (it) => {
  it.effect("a new order is a 503 that says until when, and nothing is kept of it", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const asked = { headers: { ...headers, ...newKey() }, body: kettle }
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* checkoutOff("20 seconds")
          const { problem } = yield* refusal([503, "feature_disabled"], "POST", "/v1/orders", asked)
          assert.deepInclude(problem, { side_effects: "none", retry: "same_key", category: "transient" })
          assert.isAtLeast(problem.retry_after ?? 0, 19)
        })
      )
      assert.deepStrictEqual(json(yield* send("GET", "/v1/orders", { headers })).data, [])
      assert.strictEqual((yield* send("POST", "/v1/orders", asked)).status, 201)
    })
  )

  it.effect("a cart that would be refused anyway is not refused for good", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const body = { ...kettle, lines: [{ sku: "NO-SUCH-THING", quantity: 1 }] }
      const asked = { headers: { ...headers, ...newKey() }, body }
      yield* Effect.scoped(
        Effect.andThen(checkoutOff(), refusal([503, "feature_disabled"], "POST", "/v1/orders", asked))
      )
      yield* refusal([422, "unknown_reference"], "POST", "/v1/orders", asked)
    })
  )

  it.effect("a repeated key answers the order that it made, and orders are read as ever", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const asked = { headers: { ...headers, ...newKey() }, body: kettle }
      const placed = json(yield* send("POST", "/v1/orders", asked))
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* checkoutOff()
          const again = yield* send("POST", "/v1/orders", asked)
          assert.deepStrictEqual([again.status, json(again).id], [201, placed.id])
          assert.strictEqual((yield* send("GET", `/v1/orders/${placed.id}`, { headers })).status, 200)
        })
      )
    })
  )
})
