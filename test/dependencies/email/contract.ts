/** What every provider of email promises, whichever it is: one mail a key. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, type Layer } from "effect"
import { Email } from "../../../src/dependencies/email/Email.ts"
import { persisted } from "../../../src/resilience/index.ts"

/** The provider's other end: what arrived for an address. */
export class Inbox extends Context.Service<
  Inbox,
  { readonly subjectsTo: (address: string) => Effect.Effect<ReadonlyArray<string>> }
>()("holdfast/test/Inbox") {}

export const emailContract = <E>(name: string, provider: Layer.Layer<Email | Inbox, E>) =>
  layer(provider, { excludeTestServices: true })(`email, ${name}`, (it) => {
    const mail = (to: string) => ({ key: persisted(`test/${to}`), to, subject: "Welcome", text: "Good to have you." })

    it.effect("arrives, and answers with an id", () =>
      Effect.gen(function* () {
        const email = yield* Email
        const id = yield* email.send(mail("ada@example.com"))
        assert.match(id, /^\w+$/)
        assert.deepStrictEqual(yield* (yield* Inbox).subjectsTo("ada@example.com"), ["Welcome"])
      })
    )

    it.effect("arrives once under one key, however often it is sent", () =>
      Effect.gen(function* () {
        const email = yield* Email
        const ids = yield* Effect.forEach([1, 2, 3], () => email.send(mail("grace@example.com")))
        assert.strictEqual(new Set(ids).size, 1)
        assert.deepStrictEqual(yield* (yield* Inbox).subjectsTo("grace@example.com"), ["Welcome"])
      })
    )

    it.effect("refuses a key that was used for another mail", () =>
      Effect.gen(function* () {
        const email = yield* Email
        yield* email.send(mail("joan@example.com"))
        const other = { ...mail("joan@example.com"), subject: "Another" }
        assert.strictEqual((yield* Effect.flip(email.send(other)))._tag, "EmailKeyReused")
        assert.deepStrictEqual(yield* (yield* Inbox).subjectsTo("joan@example.com"), ["Welcome"])
      })
    )

    it.effect("refuses what is no address, for good, and leaves the address out of the error", () =>
      Effect.gen(function* () {
        const email = yield* Email
        const refused = yield* Effect.flip(email.send(mail("not an address")))
        assert.strictEqual(refused._tag, "EmailRefused")
        assert.strictEqual(refused.category, "permanent")
        assert.notInclude(JSON.stringify(refused) + refused.message, "not an address")
      })
    )
  })
