/** What the store of mails promises, on a map and on real PostgreSQL alike. */
import { assert, layer } from "@effect/vitest"
import { Effect, type Layer, Layer as Layers, Option } from "effect"
import { MailStore } from "../../src/emails/MailStore.ts"
import { TestDatabase } from "../database/testDatabase.ts"

const mail = { to: "ada@example.com", subject: "Welcome", text: "Dear Ada,\n\nGood to have you." }

const contract = <E>(name: string, store: Layer.Layer<MailStore, E>) =>
  layer(store, { excludeTestServices: true })(`the store of mails, ${name}`, (it) => {
    const found = Effect.fnUntraced(function* (key: string) {
      return Option.getOrThrow(yield* (yield* MailStore).find(key))
    })

    it.effect("keeps the first mail of a key to the letter", () =>
      Effect.gen(function* () {
        const store = yield* MailStore
        assert.isTrue(Option.isNone(yield* store.find("welcome/frozen")))
        const first = yield* store.freeze("welcome/frozen", mail)
        assert.deepStrictEqual(first, { mail, taken: false, sentSecondsAgo: undefined, doubted: false })
        const other = { ...mail, text: "Another template by now." }
        assert.deepStrictEqual((yield* store.freeze("welcome/frozen", other)).mail, mail)
        assert.deepStrictEqual((yield* found("welcome/frozen")).mail, mail)
      })
    )

    it.effect("knows since when a mail may have left, and forgets that it did when it certainly did not", () =>
      Effect.gen(function* () {
        const store = yield* MailStore
        yield* store.freeze("welcome/left", mail)
        yield* store.begin("welcome/left")
        const since = (yield* found("welcome/left")).sentSecondsAgo
        assert.isDefined(since)
        yield* store.begin("welcome/left")
        assert.isAtLeast((yield* found("welcome/left")).sentSecondsAgo ?? -1, since ?? 0)
        yield* store.neverLeft("welcome/left")
        assert.isUndefined((yield* found("welcome/left")).sentSecondsAgo)
      })
    )

    it.effect("begins anew with a mail that was doubted", () =>
      Effect.gen(function* () {
        const store = yield* MailStore
        yield* store.freeze("welcome/doubted", mail)
        yield* store.begin("welcome/doubted")
        yield* store.doubt("welcome/doubted")
        assert.isTrue((yield* found("welcome/doubted")).doubted)
        yield* store.begin("welcome/doubted")
        assert.isFalse((yield* found("welcome/doubted")).doubted)
      })
    )

    it.effect("changes nothing any more about a mail that the provider has, and removes it in time", () =>
      Effect.gen(function* () {
        const store = yield* MailStore
        yield* store.freeze("welcome/taken", mail)
        yield* store.begin("welcome/taken")
        yield* store.take("welcome/taken", "em_1")
        yield* store.neverLeft("welcome/taken")
        yield* store.doubt("welcome/taken")
        const { doubted, sentSecondsAgo, taken } = yield* found("welcome/taken")
        assert.deepStrictEqual([taken, doubted, sentSecondsAgo === undefined], [true, false, false])
        assert.strictEqual(yield* store.removeTaken(30), 0)
        assert.strictEqual(yield* store.removeTaken(-1), 1)
        assert.isTrue(Option.isNone(yield* store.find("welcome/taken")))
        assert.isTrue(Option.isSome(yield* store.find("welcome/frozen")))
      })
    )
  })

contract("in memory", MailStore.layerMemory)
contract("in PostgreSQL", MailStore.layer.pipe(Layers.provide(TestDatabase.layer)))
