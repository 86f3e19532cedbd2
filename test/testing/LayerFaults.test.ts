/** Faults around a Layer: what a caller sees of each, and what was done all the same. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Email } from "../../src/dependencies/email/Email.ts"
import { EmailMemory, Outbox } from "../../src/dependencies/email/EmailMemory.ts"
import { EmailInProgress } from "../../src/dependencies/email/errors.ts"
import { persisted } from "../../src/resilience/index.ts"
import { LayerFaults } from "../../src/testing/index.ts"

const layer = LayerFaults.around(Email, EmailMemory.layer)
const mail = { key: persisted("welcome/usr_1"), to: "ada@example.com", subject: "Welcome", text: "Good to have you." }
const send = Effect.flatMap(Email, (email) => email.send(mail))
const sent = Effect.flatMap(Outbox, (outbox) => Effect.map(outbox.sent, ({ length }) => length))
const add = (fault: Parameters<LayerFaults["Service"]["add"]>[0]) =>
  Effect.flatMap(LayerFaults, (all) => all.add(fault))

describe("a service under faults", () => {
  it.effect("fails before it has done anything, or after it has, as often as was said", () =>
    Effect.gen(function* () {
      const failure = new EmailInProgress()
      yield* add({ service: Email, mode: "fail_before", with: failure, times: 1 })
      yield* add({ service: Email, mode: "fail_after", with: failure, times: 1 })
      assert.strictEqual(yield* Effect.flip(send), failure)
      assert.strictEqual(yield* sent, 0)
      assert.strictEqual(yield* Effect.flip(send), failure)
      assert.strictEqual(yield* sent, 1)
      assert.strictEqual(yield* send, "mail_1")
    }).pipe(Effect.provide(layer))
  )

  it.effect("hangs until its caller gives up, with or without effect", () =>
    Effect.gen(function* () {
      for (const [mode, done] of [
        ["hang_before", 0],
        ["hang_after", 1]
      ] as const) {
        yield* add({ service: Email, mode, method: "send", times: 1 })
        const waiting = yield* Effect.forkChild(Effect.timeoutOption(send, "5 seconds"))
        yield* TestClock.adjust("5 seconds")
        assert.isTrue(Option.isNone(yield* Fiber.join(waiting)))
        assert.strictEqual(yield* sent, done)
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("is slow for as long as was said, and well again when it is cleared", () =>
    Effect.gen(function* () {
      yield* add({ service: Email, mode: "latency", for: "3 seconds" })
      const slow = yield* Effect.forkChild(send)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* sent, 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(slow), "mail_1")
      yield* (yield* LayerFaults).clear
      assert.strictEqual(yield* send, "mail_1")
    }).pipe(Effect.provide(layer))
  )

  it.effect("is left alone by a fault of another one, or of another method", () =>
    Effect.gen(function* () {
      yield* add({ service: Outbox, mode: "hang_before" })
      yield* add({ service: Email, mode: "hang_before", method: "receive" })
      assert.strictEqual(yield* send, "mail_1")
    }).pipe(Effect.provide(Layer.fresh(layer)))
  )
})
