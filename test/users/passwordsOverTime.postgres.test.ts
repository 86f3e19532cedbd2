/** Log ins with real hashes in real PostgreSQL: how long the work of a refusal takes, and what becomes of former hashes. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, layer } from "@effect/vitest"
import { DateTime, Duration, Effect, Layer, Option, Redacted } from "effect"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { Email, normalizeEmail } from "../../src/users/Email.ts"
import { HashingLimits } from "../../src/users/hashingBulkhead.ts"
import { LogInAttempts } from "../../src/users/LogInAttempts.ts"
import { Passwords } from "../../src/users/Passwords.ts"
import { Revocations } from "../../src/users/Revocations.ts"
import { SessionRepo } from "../../src/users/SessionRepo.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { Tokens } from "../../src/users/Tokens.ts"
import { UserId } from "../../src/users/User.ts"
import { UserRepo } from "../../src/users/UserRepo.ts"
import { TestDatabase } from "../database/testDatabase.ts"

/** Log ins of each kind in a round. With so many, chance alone leaves the band below about once in a thousand rounds. */
const samples = 80
/** What takes longer leaves it in every round. */
const rounds = 3

const accounts = Sessions.layerNoRepo.pipe(
  Layer.provideMerge(Layer.mergeAll(UserRepo.layer, SessionRepo.layer, LogInAttempts.layer, Passwords.layer)),
  Layer.provide([Tokens.layer, Revocations.layerUnknown]),
  // The work itself is compared: nothing waits until as much time has passed for all.
  Layer.provide(Layer.succeed(HashingLimits, { ...HashingLimits.defaultValue(), wrongAfter: Duration.zero })),
  Layer.provide([AppSecret.layerMemory, NodeCrypto.layer, TestDatabase.layer])
)

const address = (name: string) => Email.make(`${name}@example.com`)
const account = Effect.fnUntraced(function* (name: string, stored: Redacted.Redacted<string>) {
  const email = address(name)
  yield* (yield* UserRepo).insert({
    id: UserId.make(`usr_${name}`),
    email,
    emailNormalized: normalizeEmail(email),
    name: "A Person",
    password: stored,
    createdAt: DateTime.makeUnsafe(0)
  })
  return email
})

/** Milliseconds that a refused log in takes. */
const refusedWithin = Effect.fnUntraced(function* (email: Email) {
  const sessions = yield* Sessions
  const began = performance.now()
  const failure = yield* Effect.flip(sessions.logIn({ email, password: Redacted.make("not the password") }))
  const millis = performance.now() - began
  assert.strictEqual(failure._tag, "InvalidCredentials")
  return millis
})

/** How often one of the first is longer than one of the second, ties counting half: 0.5 when nobody can tell them apart. */
const auc = (first: ReadonlyArray<number>, second: ReadonlyArray<number>): number => {
  const wins = first.flatMap((one) => second.map((other): number => (one > other ? 1 : one === other ? 0.5 : 0)))
  return wins.reduce((sum, win) => sum + win, 0) / wins.length
}

/** Milliseconds of log ins to addresses that are known, and to some that are not. */
const compared = Effect.fnUntraced(function* (round: number, stored: Redacted.Redacted<string>) {
  const known: Array<number> = []
  const unknown: Array<number> = []
  // In turn, and each of them first in its turn: whatever else the machine does hits both alike.
  for (let n = 0; n < samples; n++) {
    const email = yield* account(`known${round}of${n}`, stored)
    const ofKnown = Effect.map(refusedWithin(email), (millis) => void known.push(millis))
    const nobody = address(`unknown${round}of${n}`)
    const ofUnknown = Effect.map(refusedWithin(nobody), (millis) => void unknown.push(millis))
    yield* Effect.all(n % 2 === 0 ? [ofKnown, ofUnknown] : [ofUnknown, ofKnown])
  }
  // The measure itself tells one that takes twice as long.
  const twice = known.map((millis) => millis * 2)
  return { told: auc(known, unknown), tellsTwice: auc(twice, unknown) > 0.65 }
})

layer(accounts, { excludeTestServices: true })("a log in", (it) => {
  it.effect(
    "that is refused takes as much work for a known address as for an unknown one",
    () =>
      Effect.gen(function* () {
        const stored = yield* (yield* Passwords).hash(Redacted.make("the password of everybody"))
        const found: Array<number> = []
        for (let round = 0; round < rounds; round++) {
          const { tellsTwice, told } = yield* compared(round, stored)
          found.push(told)
          if (tellsTwice && told > 0.35 && told < 0.65) return
        }
        assert.fail(`AUC ${found.join(", ")}`)
      }),
    // Four seconds of hashing on a core of its own; many times that on one that others want as well.
    60_000
  )

  it.effect("replaces a hash whose parameters are no longer ours, once, and only when the password is right", () =>
    Effect.gen(function* () {
      const users = yield* UserRepo
      const sessions = yield* Sessions
      // From the test suite of the reference implementation: password "password".
      const former = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
      const email = yield* account("former", Redacted.make(former))
      const stored = Effect.map(users.credentials(normalizeEmail(email)), (found) =>
        Redacted.value(Option.getOrThrow(found).password)
      )
      yield* Effect.flip(sessions.logIn({ email, password: Redacted.make("differentpassword") }))
      assert.strictEqual(yield* stored, former)

      yield* sessions.logIn({ email, password: Redacted.make("password") })
      const renewed = yield* stored
      assert.match(renewed, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
      yield* sessions.logIn({ email, password: Redacted.make("password") })
      assert.strictEqual(yield* stored, renewed)
    })
  )
})
