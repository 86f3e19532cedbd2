/** Mails of the shop in memory, by the test's clock: what is sent, when, how often, and what waits for a person. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Array, Clock, DateTime, Duration, Effect, Fiber, Layer, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { StockMemory } from "../../src/catalog/StockMemory.ts"
import { Sku } from "../../src/catalog/Product.ts"
import type { EmailFailure } from "../../src/dependencies/email/Email.ts"
import { EmailMemory, Outbox } from "../../src/dependencies/email/EmailMemory.ts"
import { EmailInProgress, EmailQuotaExceeded, EmailRefused } from "../../src/dependencies/email/errors.ts"
import { mailJob, mailQueue } from "../../src/dependencies/email/mails.ts"
import { mailsPerSecond } from "../../src/dependencies/email/policy.ts"
import { MailStore } from "../../src/emails/MailStore.ts"
import { mailWorker } from "../../src/emails/mailWorker.ts"
import { mailsReplaySafety } from "../../src/emails/replaySafety.ts"
import { mailing, runMail } from "../../src/emails/runMail.ts"
import type { DeadLetter } from "../../src/jobs/DeadLetter.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { OrderChanges } from "../../src/orders/OrderChanges.ts"
import * as OrderStoreMemory from "../../src/orders/OrderStoreMemory.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { DependencyUnavailable, KillSwitches, type Sent } from "../../src/resilience/index.ts"
import { Shop, Users } from "../../src/testing/index.ts"
import { Email } from "../../src/users/Email.ts"
import { Passwords } from "../../src/users/Passwords.ts"
import { UserRepo } from "../../src/users/UserRepo.ts"

const away = (sent: Sent, attempts: number): EmailFailure => {
  const reason = attempts === 0 ? "CircuitOpen" : "Exhausted"
  return new DependencyUnavailable("email", reason, sent, attempts, Duration.seconds(5), undefined)
}
const circuitOpen = away("no", 0)
const noAnswer = away("maybe", 2)

const signUp = Effect.fnUntraced(function* (name: string) {
  const password = Redacted.make(`${name} password!`)
  return yield* (yield* Users).signUp({ email: Email.make(`${name}@example.com`), password, name: "Ada Lovelace" })
})
const mails = Effect.flatMap(Outbox, ({ sent }) => sent)
const provider = (failure: EmailFailure | undefined) => Effect.flatMap(Outbox, ({ failing }) => failing(failure))

/** Nobody works here but who is told to. */
const desk = Layer.merge(
  Users.layerNoRepo.pipe(Layer.provide([Passwords.layerMemory, UserRepo.layerMemory])),
  OrderStoreMemory.layer.pipe(Layer.provide([OrderChanges.layerMemory, StockMemory.layer]))
).pipe(
  Layer.provideMerge(Layer.mergeAll(MailStore.layerMemory, EmailMemory.layer, Jobs.layerMemory)),
  Layer.provideMerge(KillSwitches.layerMemory),
  Layer.provide(NodeCrypto.layer),
  Layer.provideMerge(Logger.layer([]))
)

/** The job of a welcome mail, and one run of it. */
const welcome = Effect.fnUntraced(function* (name: string) {
  const { id } = yield* signUp(name)
  const handle = yield* runMail
  const createdAt = yield* DateTime.now
  const fixed = { ...mailJob("welcome", id), id: "1", lease: "lease", createdAt, slotted: false }
  let attempts = 0
  const run = Effect.gen(function* () {
    const running = yield* Effect.forkChild(handle({ ...fixed, attempts: ++attempts }))
    yield* TestClock.adjust("1 second")
    return yield* Fiber.join(running)
  })
  const safety = Effect.flatMap(mailsReplaySafety, (assess) => assess([{ key: fixed.key } as DeadLetter])).pipe(
    Effect.map(([assessment]) => assessment?.verdict)
  )
  return { key: fixed.key, run, safety }
})

describe("a mail", () => {
  it.effect("welcomes who signs up, once, under a key of ids", () =>
    Effect.gen(function* () {
      const { key, run } = yield* welcome("ada")
      for (const _ of [1, 2, 3]) assert.deepStrictEqual(yield* run, { _tag: "Done" })
      const sent = yield* mails
      assert.deepStrictEqual(
        sent.map((mail) => [mail.key, mail.to, mail.subject]),
        [[key, "ada@example.com", "Welcome to Holdfast"]]
      )
      assert.include(sent[0]?.text, "Dear Ada Lovelace,")
      assert.match(key, /^welcome\/usr_\w+$/)
    }).pipe(Effect.provide(desk))
  )

  it.effect("tells of an order that is confirmed, and of one that is refunded, once each", () =>
    Effect.gen(function* () {
      const [orders, { id: userId }] = [yield* Orders, yield* signUp("buyer")]
      const lines = [{ sku: Sku.make("KITCHEN-KETTLE-12"), quantity: 2 }]
      const { orderId } = yield* orders.place(userId, "the-first-order", { lines, paymentMethod: "pm_card_visa" })
      yield* TestClock.adjust("5 seconds")
      yield* orders.refund(userId, "the-first-refund", { id: orderId, amountCents: undefined })
      yield* TestClock.adjust("5 seconds")
      const about = (yield* mails).filter(({ key }) => key.includes(orderId))
      assert.deepStrictEqual(
        about.map(({ key }) => key),
        [`order-confirmed/${orderId}`, `order-refunded/${orderId}`]
      )
      assert.match(about[0]?.text ?? "", /2 x .+: [A-Z]{3} \d+\.\d\d\n/)
    }).pipe(Effect.provide(Layer.provideMerge(Shop.layerMemory, Logger.layer([]))))
  )

  it.effect(
    "asks for an approval with the way to the bank, and is not written when nobody waits for one any more",
    () =>
      Effect.gen(function* () {
        const [orders, { id: userId }] = [yield* Orders, yield* signUp("approver")]
        const lines = [{ sku: Sku.make("KITCHEN-KETTLE-12"), quantity: 1 }]
        const paymentMethod = "pm_card_authenticationRequired"
        const { orderId } = yield* orders.place(userId, "order-to-approve", { lines, paymentMethod })
        yield* TestClock.adjust("5 seconds")
        const { payment } = yield* orders.find(userId, orderId)
        const about = (yield* mails).filter(({ key }) => key.includes(orderId))
        assert.deepStrictEqual(
          about.map(({ key }) => key),
          [`order-action-needed/${orderId}`]
        )
        assert.include(about[0]?.text, payment.nextAction?.url ?? "no url")
        const captured = yield* orders.place(userId, "order-without", { lines, paymentMethod: "pm_card_visa" })
        yield* TestClock.adjust("5 seconds")
        yield* (yield* Jobs).enqueue(mailJob("order_action_needed", captured.orderId))
        yield* TestClock.adjust("3 seconds")
        const late = (yield* mails).filter(({ key }) => key === `order-action-needed/${captured.orderId}`)
        assert.deepStrictEqual(late, [])
      }).pipe(Effect.provide(Layer.provideMerge(Shop.layerMemory, Logger.layer([]))))
  )

  it.effect("waits while its provider is away, seconds at a time, and no attempt of it is used up", () =>
    Effect.gen(function* () {
      const { run } = yield* welcome("grace")
      yield* provider(circuitOpen)
      for (let hour = 0; hour < 70; hour++) {
        const settled = yield* run
        if (settled._tag !== "Later") return assert.fail(settled._tag)
        assert.isAtMost(settled.delayMillis, 12_500)
        yield* TestClock.adjust("1 hour")
      }
      yield* provider(undefined)
      assert.deepStrictEqual(yield* run, { _tag: "Done" })
      assert.lengthOf(yield* mails, 1)
    }).pipe(Effect.provide(desk))
  )

  it.effect("waits while an operator has switched mails off, however long, and is sent when they are on again", () =>
    Effect.gen(function* () {
      const { key, run } = yield* welcome("held")
      const switches = yield* KillSwitches
      const by = { actor: "ada", reason: "a wrong link in every mail" }
      yield* switches.set(mailing, "off", by)
      for (const days of [0, 4, 30]) {
        yield* TestClock.adjust(Duration.days(days))
        const settled = yield* run
        if (settled._tag !== "Later") return assert.fail(settled._tag)
        assert.isAtMost(settled.delayMillis, 12_500)
      }
      assert.deepStrictEqual(yield* mails, [])
      yield* switches.clear(mailing, "off", by)
      assert.deepStrictEqual(yield* run, { _tag: "Done" })
      assert.deepStrictEqual(
        (yield* mails).map((mail) => mail.key),
        [key]
      )
    }).pipe(Effect.provide(desk))
  )

  it.effect("that never left is news for three days, and then waits for a person", () =>
    Effect.gen(function* () {
      const { run, safety } = yield* welcome("joan")
      yield* provider(circuitOpen)
      yield* TestClock.adjust("73 hours")
      assert.deepInclude(yield* run, { _tag: "Dead", failure: { code: "EmailTooOld", category: "permanent" } })
      assert.strictEqual(yield* safety, "safe")
      yield* provider(undefined)
      assert.deepStrictEqual(yield* run, { _tag: "Done" })
    }).pipe(Effect.provide(desk))
  )

  it.effect("that may have left is sent again under its key for 23 hours, and then only when a person says so", () =>
    Effect.gen(function* () {
      const { run, safety } = yield* welcome("doubt")
      yield* provider(noAnswer)
      for (let hour = 0; hour < 23; hour++) {
        assert.strictEqual((yield* run)._tag, "Retry")
        assert.strictEqual(yield* safety, "safe")
        yield* TestClock.adjust("59 minutes")
      }
      yield* TestClock.adjust("30 minutes")
      yield* provider(undefined)
      assert.deepInclude(yield* run, { _tag: "Dead", failure: { code: "EmailInDoubt", category: "permanent" } })
      assert.lengthOf(yield* mails, 0)
      assert.strictEqual(yield* safety, "unknown")
      // Only a replay runs it again.
      assert.deepStrictEqual(yield* run, { _tag: "Done" })
      assert.lengthOf(yield* mails, 1)
      assert.strictEqual(yield* safety, "safe")
    }).pipe(Effect.provide(desk))
  )

  it.effect("keeps the words and the address that it was first written with", () =>
    Effect.gen(function* () {
      const { key, run } = yield* welcome("lost")
      const store = yield* MailStore
      yield* run
      assert.lengthOf(yield* mails, 1)
      const { mail } = yield* store.freeze(key, { to: "", subject: "", text: "" })
      assert.strictEqual(mail.to, "lost@example.com")
    }).pipe(Effect.provide(desk))
  )

  it.effect("that is refused is dead at once, with a code and no address", () =>
    Effect.gen(function* () {
      const { run } = yield* welcome("refused")
      yield* provider(new EmailRefused({ code: "validation_error" }))
      assert.deepStrictEqual(yield* run, { _tag: "Dead", failure: { code: "EmailRefused", category: "permanent" } })
    }).pipe(Effect.provide(desk))
  )

  it.effect("waits an hour for a quota, and two seconds for its twin", () =>
    Effect.gen(function* () {
      const { run } = yield* welcome("quota")
      yield* provider(new EmailQuotaExceeded({ quota: "daily" }))
      const parked = yield* run
      assert.isTrue(parked._tag === "Later" && parked.delayMillis >= 3_600_000)
      yield* provider(new EmailInProgress())
      const twin = yield* run
      assert.isTrue(twin._tag === "Retry" && twin.delayMillis >= 2_000 && twin.delayMillis <= 2_500)
    }).pipe(Effect.provide(desk))
  )

  it.effect(
    "is one of a thousand that are gone a minute after the provider is back, at never twice the usual pace",
    () =>
      Effect.gen(function* () {
        yield* provider(circuitOpen)
        const { id } = yield* signUp("backlog")
        const jobs = yield* Jobs
        const more = (n: number) => jobs.enqueue({ ...mailJob("welcome", id), key: `welcome/${n}` })
        yield* Effect.forEach(Array.range(1, 999), more)
        yield* TestClock.adjust("50 seconds")
        yield* provider(undefined)
        const back = yield* Clock.currentTimeMillis
        for (let second = 0; second < 60; second++) yield* TestClock.adjust("1 second")
        const sent = yield* mails
        assert.lengthOf(sent, 1000)
        const seconds = Map.groupBy(sent, ({ atMillis }) => Math.floor((atMillis - back) / 1000))
        assert.isAtMost(Math.max(...[...seconds.values()].map(({ length }) => length)), 2 * mailsPerSecond)
        const status = (yield* jobs.queues).find(({ queue }) => queue === mailQueue)
        assert.deepInclude(status, { ready: 0, delayed: 0, running: 0, dead: 0 })
      }).pipe(Effect.provide(Layer.provideMerge(mailWorker, desk)))
  )
})
