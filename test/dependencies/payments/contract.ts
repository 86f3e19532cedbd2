/**
 * What every implementation of Payments must do, whatever is behind it. Run against the memory layer and against the
 * adapter with the sandbox's real process behind it.
 */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Random } from "effect"
import type { Layer } from "effect"
import type { Payment, PaymentReference } from "../../../src/dependencies/payments/Payment.ts"
import { Payments } from "../../../src/dependencies/payments/Payments.ts"
import { persisted } from "../../../src/resilience/index.ts"

/** The other side, as a test sees it: what moved, and the customer at the bank. */
export class ProviderSide extends Context.Service<
  ProviderSide,
  {
    readonly moved: (orderId: string) => Effect.Effect<ReadonlyArray<readonly [type: string, amountCents: number]>>
    readonly authenticate: (payment: Payment, approved: boolean) => Effect.Effect<void>
  }
>()("test/dependencies/payments/ProviderSide") {}

const amount = { amountCents: 4200, currency: "USD" }
const fresh = (prefix: string) =>
  Effect.map(Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER), (n) => `${prefix}${n.toString(36)}`)

/** A payment for a new order, created and not confirmed. */
const created = Effect.fnUntraced(function* (paymentMethod: string) {
  const payments = yield* Payments
  const orderId = yield* fresh("ord_")
  const asked = { key: persisted(`${orderId}:create`), orderId, amount, paymentMethod }
  const { id } = yield* payments.create(asked)
  const payment: PaymentReference = { paymentId: id, orderId, amount }
  const key = (operation: string) => persisted(`${orderId}:${operation}`)
  return { payments, asked, payment, orderId, key }
})

const captured = Effect.gen(function* () {
  const made = yield* created("pm_card_visa")
  yield* made.payments.confirm({ key: made.key("confirm"), payment: made.payment })
  yield* made.payments.capture({ key: made.key("capture"), payment: made.payment })
  return made
})

export const paymentsContract = <E>(name: string, implementation: Layer.Layer<Payments | ProviderSide, E>) =>
  layer(implementation, { excludeTestServices: true, timeout: "30 seconds" })(name, (it) => {
    it.effect("a created payment holds nothing and can be read back", () =>
      Effect.gen(function* () {
        const { orderId, payment, payments } = yield* created("pm_card_visa")
        const read = yield* payments.retrieve(payment.paymentId, payment)
        assert.deepStrictEqual(read, {
          id: payment.paymentId,
          orderId,
          status: "unconfirmed",
          amount,
          authorizedCents: 0,
          capturedCents: 0
        })
        assert.deepStrictEqual(yield* (yield* ProviderSide).moved(orderId), [])
      })
    )

    it.effect("confirm holds the money, capture takes it, once each", () =>
      Effect.gen(function* () {
        const { key, orderId, payment, payments } = yield* created("pm_card_visa")
        const held = yield* payments.confirm({ key: key("confirm"), payment })
        assert.strictEqual(held.status, "authorized")
        assert.strictEqual(held.authorizedCents, amount.amountCents)
        const taken = yield* payments.capture({ key: key("capture"), payment })
        assert.strictEqual(taken.status, "captured")
        assert.strictEqual(taken.capturedCents, amount.amountCents)
        assert.deepStrictEqual(yield* (yield* ProviderSide).moved(orderId), [
          ["authorized", 4200],
          ["captured", 4200]
        ])
      })
    )

    it.effect("a repeated key gives the first answer again and moves nothing twice", () =>
      Effect.gen(function* () {
        const { asked, key, orderId, payment, payments } = yield* created("pm_card_visa")
        assert.strictEqual((yield* payments.create(asked)).id, payment.paymentId)
        const first = yield* payments.confirm({ key: key("confirm"), payment })
        yield* payments.capture({ key: key("capture"), payment })
        assert.deepStrictEqual(yield* payments.confirm({ key: key("confirm"), payment }), first)
        yield* payments.capture({ key: key("capture"), payment })
        assert.deepStrictEqual(yield* (yield* ProviderSide).moved(orderId), [
          ["authorized", 4200],
          ["captured", 4200]
        ])
      })
    )

    it.effect("the same key sent many times at once creates one payment", () =>
      Effect.gen(function* () {
        const payments = yield* Payments
        const orderId = yield* fresh("ord_")
        const create = payments.create({
          key: persisted(`${orderId}:create`),
          orderId,
          amount,
          paymentMethod: "pm_card_visa"
        })
        const results = yield* Effect.all(
          Array.from({ length: 10 }, () => Effect.result(create)),
          { concurrency: 10 }
        )
        const ids = new Set(results.flatMap((result) => (result._tag === "Success" ? [result.success.id] : [])))
        assert.strictEqual(ids.size, 1)
        assert.strictEqual((yield* payments.findByOrder(orderId)).length, 1)
      })
    )

    it.effect("a key used for another request is refused and changes nothing", () =>
      Effect.gen(function* () {
        const { asked, payments } = yield* created("pm_card_visa")
        const other = { ...asked, amount: { amountCents: 9900, currency: "USD" } }
        const error = yield* Effect.flip(payments.create(other))
        assert.strictEqual(error._tag, "PaymentKeyReused")
      })
    )

    for (const [method, code] of [
      ["pm_card_chargeDeclined", "declined"],
      ["pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"],
      ["pm_card_chargeDeclinedExpiredCard", "expired_card"],
      ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"],
      ["pm_card_chargeDeclinedStolenCard", "declined"]
    ] as const)
      it.effect(`${method} is declined as ${code}, stays declined under its key, and holds nothing`, () =>
        Effect.gen(function* () {
          const { key, orderId, payment, payments } = yield* created(method)
          const confirm = payments.confirm({ key: key("confirm"), payment })
          for (const error of [yield* Effect.flip(confirm), yield* Effect.flip(confirm)]) {
            assert.strictEqual(error._tag, "PaymentDeclined")
            if (error._tag === "PaymentDeclined") assert.strictEqual(error.code, code)
          }
          const read = yield* payments.retrieve(payment.paymentId)
          assert.strictEqual(read.status, "declined")
          assert.strictEqual(read.decline, code)
          assert.deepStrictEqual(yield* (yield* ProviderSide).moved(orderId), [])
        })
      )

    it.effect("a customer who approves at the bank leaves the payment authorized", () =>
      Effect.gen(function* () {
        const { key, payment, payments } = yield* created("pm_card_authenticationRequired")
        const returnUrl = "https://shop.example/back"
        const asking = yield* payments.confirm({ key: key("confirm"), payment, returnUrl })
        assert.strictEqual(asking.status, "requires_action")
        assert.strictEqual(asking.nextAction?.type, "redirect")
        yield* (yield* ProviderSide).authenticate(asking, true)
        assert.strictEqual((yield* payments.retrieve(payment.paymentId, payment)).status, "authorized")
      })
    )

    it.effect("a customer who refuses at the bank leaves the payment declined", () =>
      Effect.gen(function* () {
        const { key, payment, payments } = yield* created("pm_card_authenticationRequired")
        const asking = yield* payments.confirm({ key: key("confirm"), payment, returnUrl: "https://shop.example/" })
        yield* (yield* ProviderSide).authenticate(asking, false)
        const read = yield* payments.retrieve(payment.paymentId)
        assert.strictEqual(read.status, "declined")
        assert.strictEqual(read.decline, "declined")
      })
    )

    it.effect("cancel gives back what is held", () =>
      Effect.gen(function* () {
        const { key, orderId, payment, payments } = yield* created("pm_card_visa")
        yield* payments.confirm({ key: key("confirm"), payment })
        const ended = yield* payments.cancel({ key: key("cancel"), payment })
        assert.strictEqual(ended.status, "canceled")
        assert.strictEqual(ended.authorizedCents, 0)
        assert.deepStrictEqual(yield* (yield* ProviderSide).moved(orderId), [
          ["authorized", 4200],
          ["canceled", 4200]
        ])
      })
    )

    it.effect("cancelling a captured payment says that it is captured", () =>
      Effect.gen(function* () {
        const { key, payment, payments } = yield* captured
        const error = yield* Effect.flip(payments.cancel({ key: key("cancel"), payment }))
        assert.strictEqual(error._tag, "PaymentStateDiffers")
        if (error._tag === "PaymentStateDiffers") assert.strictEqual(error.status, "captured")
      })
    )

    it.effect("a canceled payment can be neither confirmed nor captured, and never moved anything", () =>
      Effect.gen(function* () {
        const { key, orderId, payment, payments } = yield* created("pm_card_visa")
        yield* payments.cancel({ key: key("cancel"), payment })
        for (const error of [
          yield* Effect.flip(payments.confirm({ key: key("confirm"), payment })),
          yield* Effect.flip(payments.capture({ key: key("capture"), payment }))
        ]) {
          assert.strictEqual(error._tag, "PaymentStateDiffers")
          if (error._tag === "PaymentStateDiffers") assert.strictEqual(error.status, "canceled")
        }
        assert.deepStrictEqual(yield* (yield* ProviderSide).moved(orderId), [])
      })
    )

    it.effect("partial refunds add up to what was captured and no further", () =>
      Effect.gen(function* () {
        const { key, orderId, payment, payments } = yield* captured
        const part = payments.refund({ key: key("refund:0"), payment, amountCents: 1200 })
        const first = yield* part
        assert.deepStrictEqual(yield* part, first)
        const tooMuch = yield* Effect.flip(payments.refund({ key: key("refund:1"), payment, amountCents: 3001 }))
        assert.strictEqual(tooMuch._tag, "PaymentRefused")
        yield* payments.refund({ key: key("refund:2"), payment, amountCents: 3000 })
        const refunds = yield* payments.refundsOf(payment.paymentId)
        assert.deepStrictEqual(
          refunds.map((refund) => [refund.key, refund.amount.amountCents, refund.status]),
          [
            [key("refund:2"), 3000, "succeeded"],
            [key("refund:0"), 1200, "succeeded"]
          ]
        )
        assert.deepStrictEqual((yield* (yield* ProviderSide).moved(orderId)).slice(2), [
          ["refunded", 1200],
          ["refunded", 3000]
        ])
      })
    )

    it.effect("an order's payments are found by the order, and only those", () =>
      Effect.gen(function* () {
        const { orderId, payment, payments } = yield* created("pm_card_visa")
        yield* created("pm_card_visa")
        const found = yield* payments.findByOrder(orderId)
        assert.deepStrictEqual(
          found.map(({ id }) => id),
          [payment.paymentId]
        )
        assert.deepStrictEqual(yield* payments.findByOrder(`it's "${orderId}\\`), [])
      })
    )

    it.effect("the payments of a time are listed newest first", () =>
      Effect.gen(function* () {
        const first = yield* created("pm_card_visa")
        const second = yield* created("pm_card_visa")
        const window = { fromSeconds: 0, untilSeconds: 4_102_444_800 }
        const { payments } = yield* first.payments.createdBetween(window)
        const ids = payments.map(({ id }) => id)
        assert.isBelow(ids.indexOf(second.payment.paymentId), ids.indexOf(first.payment.paymentId))
        const rest = yield* first.payments.createdBetween({ ...window, after: second.payment.paymentId })
        assert.strictEqual(rest.payments[0]?.id, first.payment.paymentId)
      })
    )

    it.effect("a payment that nobody made is refused as missing", () =>
      Effect.gen(function* () {
        const payments = yield* Payments
        const error = yield* Effect.flip(payments.retrieve("pi_nobody"))
        assert.strictEqual(error._tag, "PaymentRefused")
        if (error._tag === "PaymentRefused") assert.strictEqual(error.code, "resource_missing")
      })
    )

    it.effect("an unknown card and an amount too small are refused before anything is made", () =>
      Effect.gen(function* () {
        const payments = yield* Payments
        const orderId = yield* fresh("ord_")
        const asked = { key: persisted(`${orderId}:create`), orderId, amount, paymentMethod: "pm_card_unheard_of" }
        const unknown = yield* Effect.flip(payments.create(asked))
        const small = { ...asked, paymentMethod: "pm_card_visa", amount: { amountCents: 49, currency: "USD" } }
        const tooSmall = yield* Effect.flip(payments.create(small))
        assert.strictEqual(unknown._tag, "PaymentRefused")
        assert.strictEqual(tooSmall._tag, "PaymentRefused")
        assert.deepStrictEqual(yield* payments.findByOrder(orderId), [])
      })
    )

    it.effect("an answer about another amount is a mismatch", () =>
      Effect.gen(function* () {
        const { payment, payments } = yield* created("pm_card_visa")
        const expected = { ...payment, amount: { amountCents: 4201, currency: "USD" } }
        const error = yield* Effect.flip(payments.retrieve(payment.paymentId, expected))
        assert.strictEqual(error._tag, "PaymentMismatch")
        if (error._tag === "PaymentMismatch") assert.strictEqual(error.differs, "amount")
      })
    )
  })
