/** Waiting for what becomes of an order: for as long as was asked for, whatever hour it is. */
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { OrderId } from "../../src/orders/Order.ts"
import { OrderChanges } from "../../src/orders/OrderChanges.ts"
import { Outcomes } from "../../src/orders/Outcomes.ts"

const hour = 3_600_000

it.effect.each([["an hour ahead", hour] as const, ["an hour behind", -hour] as const])(
  "a wait takes as long as was asked for though somebody sets the clock %s",
  ([, jump]) =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      let shift = 0
      const set: Clock.Clock = Object.assign(Object.create(clock) as Clock.Clock, {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + shift,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (millis) => millis + shift)
      })
      const outcomes = yield* Outcomes
      const wait = outcomes.wait(OrderId.make("ord_1"), Effect.succeed("pending"), () => false, 10_000)
      const waiting = yield* Effect.forkChild(Effect.provideService(wait, Clock.Clock, set), { startImmediately: true })
      yield* TestClock.adjust("4 seconds")
      shift = jump
      yield* TestClock.adjust("5 seconds")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.isDefined(waiting.pollUnsafe())
      assert.strictEqual(yield* Fiber.join(waiting), "pending")
    }).pipe(Effect.provide(Layer.provide(Outcomes.layer, OrderChanges.layerMemory)))
)
