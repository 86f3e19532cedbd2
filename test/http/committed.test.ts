/** An order that is placed and cannot be read back: whoever asked for it is not told that nothing was done. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { DatabaseUnavailable, QueryTimeout } from "../../src/database/errors.ts"
import { OrderStore } from "../../src/orders/OrderStore.ts"
import { Shop } from "../../src/testing/index.ts"
import { doorOver, json, member, newKey, refusal, send } from "./door.ts"

/** What reading an order fails with, as long as it does. */
class Unread extends Context.Service<Unread, { by: DatabaseUnavailable | QueryTimeout | undefined }>()(
  "holdfast/test/Unread"
) {}

const unread = Layer.effect(
  Unread,
  Effect.gen(function* () {
    const state: Unread["Service"] = { by: undefined }
    const store = yield* OrderStore
    const { find } = store
    const failing: typeof find = (id) =>
      Effect.suspend(() => (state.by === undefined ? find(id) : Effect.fail(state.by)))
    Object.assign(store, { find: failing })
    return state
  })
).pipe(Layer.provideMerge(Shop.layerMemory))

const away = new DatabaseUnavailable({ reason: "connection", outcome: "none", retryAfterSeconds: 1 })

layer(doorOver(unread), { excludeTestServices: true })(
  "an order that is placed, and that cannot be read back",
  (it) => {
    it.effect.each([
      [503, "database_unavailable", away],
      [504, "query_timeout", new QueryTimeout()]
    ] as const)("is an answer that says where it is, not that nothing was done: %s %s", ([status, code, failure]) =>
      Effect.gen(function* () {
        const { headers } = yield* member
        const body = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }
        const asked = { headers: { ...headers, ...newKey() }, body }
        const state = yield* Unread
        state.by = failure
        const { problem } = yield* refusal([status, code], "POST", "/v1/orders", asked)
        state.by = undefined
        assert.deepInclude(problem, { side_effects: "committed", retry: "same_key" })
        const again = yield* send("POST", "/v1/orders", asked)
        assert.strictEqual(again.status, 201)
        assert.strictEqual(problem.resource, `/v1/orders/${json(again).id}`)
      })
    )
  }
)
