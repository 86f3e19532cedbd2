/** The door of a node that has too much to do, over the wire. */
import { assert, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Schedule } from "effect"
import { Storefront } from "../../src/catalog/Storefront.ts"
import { RequestDeadlines } from "../../src/http/Deadlines.ts"
import { Shop } from "../../src/testing/index.ts"
import { doorOver, logged, refusal, send } from "./door.ts"

/** The limit before anything is known. */
const room = 32
const page = "/v1/products/prd_1"

class Gate extends Context.Service<Gate, { entered: number; readonly open: Deferred.Deferred<void> }>()(
  "holdfast/test/Gate"
) {
  static readonly layer = Layer.effect(
    Gate,
    Effect.map(Deferred.make<void>(), (open) => ({ entered: 0, open }))
  )
}

const patient = Layer.succeed(RequestDeadlines, { readMillis: 15_000, writeMillis: 15_000 })

/** Every look at a product waits for the gate. */
const slow = Layer.effect(
  Storefront,
  Effect.gen(function* () {
    const [gate, storefront] = [yield* Gate, yield* Storefront]
    const atGate = Effect.suspend(() => {
      gate.entered++
      return Deferred.await(gate.open)
    })
    return Storefront.of({ ...storefront, find: (id) => Effect.andThen(atGate, storefront.find(id)) })
  })
).pipe(Layer.provideMerge(Layer.mergeAll(Shop.layerMemory, Gate.layer, patient)))

layer(doorOver(slow), { excludeTestServices: true })("a node that is full", (it) => {
  it.effect("refuses with a problem that says when to come back, answers its probes, and says so once a second", () =>
    Effect.gen(function* () {
      const busy = yield* Effect.replicateEffect(Effect.forkChild(send("GET", page)), room)
      const gate = yield* Gate
      const often = Schedule.spaced("10 millis")
      yield* Effect.repeat(
        Effect.sync(() => gate.entered),
        { until: (entered) => entered === room, schedule: often }
      )
      const { problem } = yield* refusal([503, "overloaded"], "GET", page)
      assert.deepInclude(problem, { retry: "same_key", side_effects: "none", category: "transient" })
      assert.isAtLeast(problem.retry_after ?? 0, 1)
      assert.isAtMost(problem.retry_after ?? 9, 4)
      yield* refusal([503, "overloaded"], "POST", "/v1/orders", { body: { not: "read" } })
      assert.strictEqual((yield* send("GET", "/readyz")).status, 200)
      yield* Deferred.succeed(gate.open, undefined)
      yield* Fiber.joinAll(busy)
      assert.strictEqual((yield* send("GET", "/v1/products")).status, 200)
      const told = yield* Effect.repeat(logged, {
        until: (lines) => lines.some(({ message }) => message.startsWith("requests refused")),
        schedule: often
      })
      const one = told.find(({ message }) => message.startsWith("requests refused"))
      assert.isAtLeast(Number(one?.["critical"]) + Number(one?.["default"]), 1)
      assert.isFalse(told.some((line) => line["code"] === "overloaded"))
    })
  )
})
