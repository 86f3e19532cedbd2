/**
 * Payments in memory: the provider's rules without the provider, for tests and for trying things out.
 *
 * Idempotency keys, states, declines by the names of test cards, and a ledger of what moved, as the real one has them;
 * it passes the same contract suite. It is never slow and never unavailable: wrap it to make it so.
 */
import { Clock, Context, Effect, Layer, Random } from "effect"
import { PaymentDeclined, PaymentMismatch, PaymentRefused, PaymentStateDiffers } from "./errors.ts"
import type { PaymentOperation } from "./errors.ts"
import { differenceFrom } from "./expectation.ts"
import type { Expectation } from "./expectation.ts"
import { makeOnce } from "./keptAnswers.ts"
import { MemoryBook } from "./memoryBook.ts"
import type { BookedPayment, PaymentMovement } from "./memoryBook.ts"
import type { Payment, PaymentStatus } from "./Payment.ts"
import { Payments } from "./Payments.ts"
import { testMethod } from "./testMethods.ts"

/** The smallest amount that a card can be charged with. */
const smallestCents = 50

type Service = Payments["Service"]
type Writes = Pick<Service, "create" | "confirm" | "capture" | "cancel" | "refund">
type NewId = (prefix: string) => string

const refused = (operation: PaymentOperation, code: string) => new PaymentRefused({ operation, code })

const found = (book: MemoryBook, operation: PaymentOperation, paymentId: string) =>
  Effect.suspend(() => {
    const booked = book.payments.get(paymentId)
    return booked === undefined ? Effect.fail(refused(operation, "resource_missing")) : Effect.succeed(booked)
  })

const inState = (operation: PaymentOperation, booked: BookedPayment, ...allowed: ReadonlyArray<PaymentStatus>) => {
  const { id: paymentId, status } = booked.payment
  return allowed.includes(status)
    ? Effect.succeed(booked)
    : Effect.fail(new PaymentStateDiffers({ paymentId, operation, status }))
}

const checked = (operation: PaymentOperation, expected: Expectation, payment: Payment) => {
  const differs = differenceFrom(expected, payment)
  return differs === undefined ? Effect.succeed(payment) : Effect.fail(new PaymentMismatch({ operation, differs }))
}

const writes = (book: MemoryBook, newId: NewId): Writes => {
  const once = makeOnce()
  return {
    create: Effect.fn("Payments.create")(function* (asked) {
      const { amount, key, orderId } = asked
      const createdSeconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      return yield* once("create", key, asked, () => {
        const method = testMethod(asked.paymentMethod)
        if (method === undefined) return Effect.fail(refused("create", "resource_missing"))
        if (amount.amountCents < smallestCents) return Effect.fail(refused("create", "amount_too_small"))
        const nothing = { authorizedCents: 0, capturedCents: 0 }
        const payment: Payment = { id: newId("pi"), orderId, status: "unconfirmed", amount, ...nothing }
        return Effect.sync(() => book.put({ payment, method, createdSeconds, refundedCents: 0 }, {}))
      })
    }),
    confirm: Effect.fn("Payments.confirm")(function* ({ key, payment, returnUrl }) {
      const answer = yield* once("confirm", key, [payment.paymentId, returnUrl], () =>
        found(book, "confirm", payment.paymentId).pipe(
          Effect.flatMap((booked) => inState("confirm", booked, "unconfirmed", "requires_action")),
          Effect.flatMap((booked) => confirmed(book, booked, returnUrl))
        )
      )
      return yield* checked("confirm", payment, answer)
    }),
    capture: Effect.fn("Payments.capture")(function* ({ key, payment }) {
      const { amount, paymentId } = payment
      const answer = yield* once("capture", key, [paymentId, amount.amountCents], () =>
        found(book, "capture", paymentId).pipe(
          Effect.flatMap((booked) => inState("capture", booked, "authorized")),
          Effect.map((booked) => book.capture(booked))
        )
      )
      return yield* checked("capture", payment, answer)
    }),
    cancel: Effect.fn("Payments.cancel")(function* ({ key, payment }) {
      const answer = yield* once("cancel", key, payment.paymentId, () =>
        found(book, "cancel", payment.paymentId).pipe(
          Effect.flatMap((booked) =>
            inState("cancel", booked, "unconfirmed", "declined", "requires_action", "authorized")
          ),
          Effect.map((booked) => book.cancel(booked))
        )
      )
      return yield* checked("cancel", payment, answer)
    }),
    refund: Effect.fn("Payments.refund")(function* ({ amountCents, key, payment }) {
      const { orderId, paymentId } = payment
      return yield* once("refund", key, [paymentId, orderId, amountCents], () =>
        Effect.gen(function* () {
          const booked = yield* inState("refund", yield* found(book, "refund", paymentId), "captured")
          const left = booked.payment.capturedCents - booked.refundedCents
          if (left === 0) return yield* refused("refund", "charge_already_refunded")
          if (amountCents < 1 || amountCents > left) return yield* refused("refund", "invalid_request_error")
          const amount = { amountCents, currency: booked.payment.amount.currency }
          return book.refund(booked, { id: newId("re"), paymentId, status: "succeeded", amount, key })
        })
      )
    })
  }
}

const confirmed = (book: MemoryBook, booked: BookedPayment, returnUrl: string | undefined) =>
  Effect.suspend(() => {
    const { method, payment } = booked
    if (method === "approves") return Effect.succeed(book.hold(booked))
    if (method === "asks_customer") {
      const nextAction = { type: "redirect" as const, url: `https://bank.example/authenticate/${payment.id}` }
      return Effect.succeed(
        book.put(booked, { status: "requires_action", ...(returnUrl === undefined ? {} : { nextAction }) })
      )
    }
    book.put(booked, { status: "declined", decline: method })
    return Effect.fail(new PaymentDeclined({ paymentId: payment.id, code: method }))
  })

const reads = (book: MemoryBook): Omit<Service, keyof Writes> => ({
  retrieve: Effect.fn("Payments.retrieve")(function* (paymentId, expected) {
    const { payment } = yield* found(book, "retrieve", paymentId)
    return yield* checked("retrieve", { ...expected }, payment)
  }),
  refundsOf: (paymentId) =>
    Effect.sync(() => book.refunds.filter((refund) => refund.paymentId === paymentId).toReversed()),
  findByOrder: (orderId) =>
    Effect.sync(() =>
      [...book.payments.values()].map(({ payment }) => payment).filter((payment) => payment.orderId === orderId)
    ),
  createdBetween: ({ after, fromSeconds, untilSeconds }) =>
    Effect.sync(() => {
      const all = [...book.payments.values()]
        .toReversed()
        .filter(({ createdSeconds }) => createdSeconds >= fromSeconds && createdSeconds <= untilSeconds)
        .map(({ payment }) => payment)
      const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
      return { payments: all.slice(start, start + pageSize), hasMore: all.length > start + pageSize }
    })
})

/** As the provider's. */
const pageSize = 100

/** What a test may see and do besides the shop's own operations. */
export class PaymentsMemory extends Context.Service<
  PaymentsMemory,
  {
    readonly ledger: Effect.Effect<ReadonlyArray<PaymentMovement>>
    /** The customer approves, or refuses, at the bank. */
    readonly authenticate: (paymentId: string, approved: boolean) => Effect.Effect<void>
  }
>()("holdfast/dependencies/payments/PaymentsMemory") {
  static readonly layer: Layer.Layer<Payments | PaymentsMemory> = Layer.effectContext(
    Effect.gen(function* () {
      const book = new MemoryBook()
      const random = yield* Random.Random
      const newId: NewId = (prefix) => `${prefix}_${Math.floor(random.nextDoubleUnsafe() * 2 ** 52).toString(36)}`
      const authenticate = (paymentId: string, approved: boolean) => {
        const booked = book.payments.get(paymentId)
        if (booked?.payment.status !== "requires_action") return
        if (approved) book.hold(booked)
        else book.put(booked, { status: "declined", decline: "declined" })
      }
      return Context.make(Payments, Payments.of({ ...writes(book, newId), ...reads(book) })).pipe(
        Context.add(PaymentsMemory, {
          ledger: Effect.sync(() => [...book.ledger]),
          authenticate: (paymentId, approved) => Effect.sync(() => authenticate(paymentId, approved))
        })
      )
    })
  )
}
