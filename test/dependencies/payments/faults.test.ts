/**
 * What the adapter makes of a provider that fails in every way the sandbox can play.
 *
 * Each fault strikes only the payment of its own case (by path), and each case has circuits of its own, so that the
 * cases of one test run at the same time.
 */
import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Fiber, Layer, Logger, Option, Random, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Payments } from "../../../src/dependencies/payments/Payments.ts"
import { StripeAccount, StripePayments } from "../../../src/dependencies/payments/StripePayments.ts"
import { persisted } from "../../../src/resilience/index.ts"
import type { Fault } from "../../../src/sandbox/fault.ts"
import { Sandbox } from "../../../src/sandbox/Sandbox.ts"
import { SandboxControls, sandboxForTests } from "../../sandbox/sandboxForTests.ts"

const amount = { amountCents: 4200, currency: "USD" }
const account = Layer.effect(StripeAccount, Sandbox)

/** Alarms are wanted here, and not on the screen. */
const silent = Logger.layer([])

/** A payment of a new order, and a shop that has never seen this provider fail. */
const shop = Layer.provide(Layer.fresh(StripePayments.layer), account)

const made = Effect.fnUntraced(function* (orderId: string, paymentMethod = "pm_card_visa") {
  const payments = yield* Payments
  const asked = { key: persisted(`${orderId}:create`), orderId, amount, paymentMethod }
  const { id: paymentId } = yield* payments.create(asked)
  const payment = { paymentId, orderId, amount }
  return { payments, payment, confirm: payments.confirm({ key: persisted(`${orderId}:confirm`), payment }) }
})

const confirmedUnder = Effect.fnUntraced(function* (fault: Fault) {
  const controls = yield* SandboxControls
  const orderId = `ord_${yield* Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER)}`
  const { confirm, payment, payments } = yield* made(orderId)
  yield* controls.fault({ ...fault, path: `${payment.paymentId}/confirm` })
  const result = yield* Effect.result(confirm)
  const ledger = yield* controls.ledger(orderId)
  const read = yield* Effect.option(payments.retrieve(payment.paymentId, payment))
  return { result, moved: ledger.map(({ type }) => type), status: Option.getOrUndefined(read)?.status }
}, Effect.provide(shop))

const all = <A, B, E, R>(items: ReadonlyArray<A>, each: (item: A) => Effect.Effect<B, E, R>) =>
  Effect.forEach(items, each, { concurrency: "unbounded" })

const beforeTheEffect: ReadonlyArray<Fault> = [
  { mode: "status", status: 500 },
  { mode: "status", status: 503 },
  { mode: "reset_before" },
  { mode: "redirect" }
]
const afterTheEffect: ReadonlyArray<Fault> = [
  { mode: "status_after" },
  { mode: "reset_after" },
  { mode: "reset_mid" },
  { mode: "garbage" },
  { mode: "empty" },
  { mode: "no_content" },
  { mode: "wrong_type" },
  { mode: "html" },
  { mode: "huge" }
]

layer(Layer.merge(sandboxForTests, silent), { excludeTestServices: true, timeout: "30 seconds" })(
  "a provider that fails",
  (it) => {
    it.effect("once is put right by the second try, under the same key, and holds the money once", () =>
      all([...beforeTheEffect, ...afterTheEffect], (fault) =>
        Effect.gen(function* () {
          const { moved, result } = yield* confirmedUnder({ ...fault, times: 1 })
          assert.strictEqual(result._tag, "Success", fault.mode)
          assert.deepStrictEqual(moved, ["authorized"], fault.mode)
        })
      )
    )

    it.effect("for good before the effect leaves a doubt, and reading shows that nothing is held", () =>
      all(beforeTheEffect, (fault) =>
        Effect.gen(function* () {
          const { moved, result, status } = yield* confirmedUnder(fault)
          assert.strictEqual(result._tag, "Failure", fault.mode)
          if (result._tag === "Failure" && result.failure._tag === "DependencyUnavailable") {
            assert.strictEqual(result.failure.sent, "maybe", fault.mode)
            assert.strictEqual(result.failure.attempts, 2, fault.mode)
          } else assert.fail(fault.mode)
          assert.deepStrictEqual(moved, [], fault.mode)
          assert.strictEqual(status, "unconfirmed", fault.mode)
        })
      )
    )

    it.effect("for good after the effect leaves a doubt, and reading shows the money that is held", () =>
      all(afterTheEffect, (fault) =>
        Effect.gen(function* () {
          const { moved, result, status } = yield* confirmedUnder(fault)
          assert.strictEqual(result._tag, "Failure", fault.mode)
          if (result._tag === "Failure" && result.failure._tag === "DependencyUnavailable")
            assert.strictEqual(result.failure.sent, "maybe", fault.mode)
          else assert.fail(fault.mode)
          assert.deepStrictEqual(moved, ["authorized"], fault.mode)
          assert.strictEqual(status, "authorized", fault.mode)
        })
      )
    )

    it.effect("with 429 has executed nothing, and is left alone as long as it asked", () =>
      Effect.gen(function* () {
        const controls = yield* SandboxControls
        yield* all(["seconds", "date"] as const, (form) =>
          Effect.gen(function* () {
            const { confirm, payment } = yield* made(`ord_429_${form}`)
            const path = `${payment.paymentId}/confirm`
            yield* controls.fault({
              mode: "status",
              status: 429,
              retry_after_seconds: 30,
              retry_after_form: form,
              path
            })
            for (const attempts of [1, 0]) {
              const error = yield* Effect.flip(confirm)
              assert.strictEqual(error._tag, "DependencyUnavailable")
              if (error._tag !== "DependencyUnavailable") continue
              assert.strictEqual(error.sent, "no")
              assert.strictEqual(error.attempts, attempts)
            }
          }).pipe(Effect.provide(shop))
        )
      })
    )

    it.effect("with an answer about another payment or amount raises an alarm, and is asked again by nobody", () =>
      Effect.gen(function* () {
        const cases = [
          { mode: "wrong_id", differs: "payment" },
          { mode: "wrong_amount", differs: "amount" }
        ] as const
        yield* all(cases, ({ differs, mode }) =>
          Effect.gen(function* () {
            const { result } = yield* confirmedUnder({ mode })
            if (result._tag === "Success" || result.failure._tag !== "PaymentMismatch") return assert.fail(mode)
            assert.strictEqual(result.failure.differs, differs)
          })
        )
      })
    )

    it.effect("that refuses the credentials executes nothing and is not called again for a while", () =>
      Effect.gen(function* () {
        const controls = yield* SandboxControls
        const { baseUrl } = yield* Sandbox
        const wrongKey = Layer.succeed(StripeAccount, { baseUrl, secretKey: Redacted.make("sk_test_of_somebody_else") })
        yield* Effect.gen(function* () {
          const payments = yield* Payments
          const first = yield* Effect.flip(payments.retrieve("pi_any"))
          const seen = yield* controls.requests
          const second = yield* Effect.flip(payments.retrieve("pi_any"))
          assert.deepStrictEqual(
            [first, second].map((error) => (error._tag === "DependencyUnavailable" ? error.sent : error._tag)),
            ["no", "no"]
          )
          assert.strictEqual(yield* controls.requests, seen)
        }).pipe(Effect.provide(Layer.provide(Layer.fresh(StripePayments.layer), wrongKey)))
      })
    )

    it.effect("whose port is closed has executed nothing", () =>
      Effect.gen(function* () {
        const nobody = Layer.succeed(StripeAccount, {
          baseUrl: "http://127.0.0.1:9",
          secretKey: Redacted.make("sk_test")
        })
        const error = yield* Effect.flip(Effect.flatMap(Payments, (payments) => payments.retrieve("pi_any"))).pipe(
          Effect.provide(Layer.provide(Layer.fresh(StripePayments.layer), nobody))
        )
        assert.strictEqual(error._tag, "DependencyUnavailable")
        if (error._tag === "DependencyUnavailable") assert.strictEqual(error.sent, "no")
      })
    )

    it.effect("never gets its words into our errors or logs", () =>
      Effect.gen(function* () {
        const controls = yield* SandboxControls
        const canary = "4242424242424242 jane@example.com"
        const said: Array<string> = []
        const recorder = Logger.layer([
          Logger.make(
            (entry) => void said.push(Cause.pretty(entry.cause), JSON.stringify(Logger.formatStructured.log(entry)))
          )
        ])
        const faults: ReadonlyArray<Fault> = [
          ...[400, 401, 402, 403, 404, 409, 429, 500, 503].map((status) => ({ mode: "status" as const, status })),
          { mode: "decline", code: "insufficient_funds" },
          { mode: "garbage" }
        ]
        yield* Effect.forEach(
          faults,
          (fault) =>
            Effect.gen(function* () {
              const { result } = yield* confirmedUnder({ ...fault, message: canary })
              if (result._tag === "Success") return assert.fail(fault.mode)
              yield* Effect.logError("failed", result.failure)
              said.push(String(result.failure), result.failure.message, JSON.stringify(result.failure))
              said.push(Cause.pretty(Cause.fail(result.failure)))
            }),
          { concurrency: 4 }
        ).pipe(Effect.provide(recorder))
        yield* controls.healthy
        assert.isAbove(said.length, faults.length)
        for (const text of said) for (const word of canary.split(" ")) assert.notInclude(text, word)
      })
    )
  }
)

layer(Layer.merge(sandboxForTests, silent), { timeout: "30 seconds" })(
  "a provider that hangs after the effect",
  (it) => {
    it.effect("is given up at the attempt's timeout, and the second try finds what the first one did", () =>
      Effect.gen(function* () {
        const controls = yield* SandboxControls
        const { confirm, payment } = yield* made("ord_hang")
        yield* controls.fault({ mode: "hang_after", times: 1, path: payment.paymentId })
        const calling = yield* Effect.forkChild(confirm)
        const executed = Effect.map(controls.ledger("ord_hang"), (entries) => entries.length === 1)
        yield* Effect.repeat(executed, { until: (yes) => yes })
        yield* TestClock.adjust("4 seconds")
        yield* TestClock.adjust("500 millis")
        const held = yield* Fiber.join(calling)
        assert.strictEqual(held.status, "authorized")
        assert.strictEqual((yield* controls.ledger("ord_hang")).length, 1)
      }).pipe(Effect.provide(shop))
    )
  }
)
