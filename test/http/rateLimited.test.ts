/** Rate limits on the wire: what a client that asks too often is told, and what it cannot get around. */
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { RateLimits } from "../../src/http/RateLimits.ts"
import { rates } from "../../src/http/rates/Rate.ts"
import { Shop } from "../../src/testing/index.ts"
import { doorOver, logged, member, newKey, problemIn, send } from "./door.ts"

const counted = () => doorOver(Shop.layerMemory, { limits: RateLimits.layer })
const nobody = { email: "nobody@example.com", password: "not my password" }
const untilRefused = (most: number, ask: (time: number) => ReturnType<typeof send>) =>
  Effect.gen(function* () {
    for (let time = 0; time <= most; time++) {
      const answer = yield* ask(time)
      if (answer.status === 429) return { answer, after: time }
    }
    return yield* Effect.die(new Error("was never refused"))
  })

layer(counted(), { excludeTestServices: true })("a client that logs in too often", (it) => {
  it.effect("is told when to come back, also when it says that it is somebody else", () =>
    Effect.gen(function* () {
      const { after, answer } = yield* untilRefused(rates.logIn.burst + 5, (time) =>
        send("POST", "/v1/sessions", {
          headers: { "x-forwarded-for": `198.51.100.${time}` },
          body: { ...nobody, email: `nobody.${time}@example.com` }
        })
      )
      assert.isAtLeast(after, rates.logIn.burst)
      const said = problemIn(answer)
      assert.deepInclude(said, {
        status: 429,
        code: "rate_limited",
        reason: "log_in",
        retry: "same_key",
        side_effects: "none"
      })
      assert.strictEqual(String(said.retry_after), answer.headers["retry-after"])
      assert.isAtLeast(said.retry_after ?? 0, 1)
      assert.match(answer.headers["ratelimit-policy"] ?? "", /"log_in";q=30;w=60/)
      assert.match(answer.headers["ratelimit"] ?? "", /"log_in";r=0;t=\d+/)
      // Everything else goes on.
      assert.strictEqual((yield* send("GET", "/v1/products?limit=1")).status, 200)
      assert.notProperty((yield* send("GET", "/v1/status")).headers, "ratelimit")
    })
  )
})

layer(counted(), { excludeTestServices: true })("an account that orders too often", (it) => {
  it.effect("is told when to come back, and its key is not used up", () =>
    Effect.gen(function* () {
      const buyer = yield* member
      const order = (key: Record<string, string>) =>
        send("POST", "/v1/orders", {
          headers: { ...buyer.headers, ...key, prefer: "wait=0" },
          body: { lines: [{ sku: "NOTHING", quantity: 1 }], payment_method: "pm_card_visa" }
        })
      let key = newKey()
      const { after, answer } = yield* untilRefused(rates.orders.burst * 3, () => {
        key = newKey()
        return order(key)
      })
      assert.isAtLeast(after, rates.orders.burst)
      assert.deepInclude(problemIn(answer), { code: "rate_limited", reason: "orders" })
      assert.match(answer.headers["ratelimit-policy"] ?? "", /"address";q=200;w=2, "orders";q=100;w=10/)
      const later = yield* Effect.repeat(order(key), {
        until: ({ status }) => status !== 429,
        schedule: Schedule.spaced("50 millis")
      })
      assert.strictEqual(problemIn(later).code, "unknown_reference")
      // A line a second says how many were refused, not a line for each.
      const lines = yield* logged
      assert.isFalse(lines.some((line) => line["code"] === "rate_limited"))
    })
  )
})
