/** The door while an operator has a feature switched off: what was begun goes on, and nothing new begins. */
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { KillSwitches } from "../../src/resilience/index.ts"
import { checkout, refunds } from "../../src/orders/Orders.ts"
import { UserId } from "../../src/users/User.ts"
import { signingUp, Users } from "../../src/users/Users.ts"
import { json, member, newKey, openDoor, refusal, send } from "./door.ts"

const kettle = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }
const drill = { actor: "ada", reason: "drill" }

/** Switched off while the scope is open. */
const off = (feature: string, expiresIn?: "20 seconds") =>
  Effect.gen(function* () {
    const switches = yield* KillSwitches
    yield* Effect.acquireRelease(
      switches.set(feature, "off", expiresIn === undefined ? drill : { ...drill, expiresIn }),
      () => switches.clear(feature, "off", drill)
    )
  })

layer(openDoor, { excludeTestServices: true })("while the checkout is switched off", (it) => {
  it.effect("a new order is a 503 that says until when, and nothing is kept of it", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const asked = { headers: { ...headers, ...newKey() }, body: kettle }
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* off(checkout, "20 seconds")
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
        Effect.andThen(off(checkout), refusal([503, "feature_disabled"], "POST", "/v1/orders", asked))
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
          yield* off(checkout)
          const again = yield* send("POST", "/v1/orders", asked)
          assert.deepStrictEqual([again.status, json(again).id], [201, placed.id])
          assert.strictEqual((yield* send("GET", `/v1/orders/${placed.id}`, { headers })).status, 200)
        })
      )
    })
  )
})

layer(openDoor, { excludeTestServices: true })("while signing up is switched off", (it) => {
  it.effect("a new account is a 503, the address stays free, and who has an account logs in", () =>
    Effect.gen(function* () {
      const { email, password } = yield* member
      const newcomer = { email: "newcomer@example.com", password: "password of a newcomer", name: "A Newcomer" }
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* off(signingUp)
          const { problem } = yield* refusal([503, "feature_disabled"], "POST", "/v1/users", { body: newcomer })
          assert.deepInclude(problem, { side_effects: "none", retry: "same_key" })
          assert.strictEqual((yield* send("POST", "/v1/sessions", { body: { email, password } })).status, 201)
        })
      )
      assert.strictEqual((yield* send("POST", "/v1/users", { body: newcomer })).status, 201)
    })
  )
})

layer(openDoor, { excludeTestServices: true })("while refunds are switched off", (it) => {
  it.effect("a new one is a 503 that leaves its key unused, and the repeat of an old one answers as it did", () =>
    Effect.gen(function* () {
      const { headers, id } = yield* member
      yield* Effect.flatMap(Users, (users) => users.setRole(UserId.make(id), "operator"))
      const placed = { headers: { ...headers, ...newKey(), prefer: "wait=10" }, body: kettle }
      const order = json(yield* send("POST", "/v1/orders", placed))
      yield* Effect.repeat(send("GET", `/v1/orders/${order.id}`, { headers }), {
        until: (answer) => json(answer).status === "captured",
        schedule: Schedule.spaced("20 millis")
      })
      const path = `/v1/orders/${order.id}/refunds`
      const [before, after] = [newKey(), newKey()].map((key) => ({
        headers: { ...headers, ...key },
        body: { amount: 100 }
      }))
      const given = yield* send("POST", path, before)
      assert.isBelow(given.status, 300, given.text)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* off(refunds)
          yield* refusal([503, "feature_disabled"], "POST", path, after)
          const again = yield* send("POST", path, before)
          assert.deepStrictEqual([again.status, again.headers["idempotent-replayed"]], [given.status, "true"])
        })
      )
      assert.isBelow((yield* send("POST", path, after)).status, 300)
    })
  )
})
