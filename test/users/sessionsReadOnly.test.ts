/** Sessions over a store that still reads and takes no writes: who only reads is let in, whoever must be noted is not. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Ref, Context } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable, type UnavailableReason } from "../../src/database/errors.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { Email } from "../../src/users/Email.ts"
import { LogInAttempts } from "../../src/users/LogInAttempts.ts"
import { Passwords } from "../../src/users/Passwords.ts"
import { SessionRepo } from "../../src/users/SessionRepo.ts"
import { Revocations } from "../../src/users/Revocations.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { Tokens } from "../../src/users/Tokens.ts"
import { UserRepo } from "../../src/users/UserRepo.ts"
import { Users } from "../../src/users/Users.ts"

/** Why the store takes no writes; undefined while it does. */
class Refusing extends Context.Service<Refusing, Ref.Ref<UnavailableReason | undefined>>()("holdfast/test/Refusing") {
  static readonly layer = Layer.effect(Refusing, Ref.make<UnavailableReason | undefined>(undefined))
}

const refusing = Layer.effect(
  SessionRepo,
  Effect.gen(function* () {
    const repo = yield* SessionRepo
    const refuses = yield* Refusing
    return SessionRepo.of({
      ...repo,
      see: Effect.fnUntraced(function* (...use) {
        const reason = yield* Ref.get(refuses)
        if (reason === undefined) return yield* repo.see(...use)
        return yield* new DatabaseUnavailable({ reason, outcome: "none", retryAfterSeconds: 5 })
      })
    })
  })
).pipe(Layer.provide(SessionRepo.layerMemory), Layer.provideMerge(Refusing.layer))

const accounts = Layer.mergeAll(Users.layerNoRepo, Sessions.layerNoRepo).pipe(
  Layer.provideMerge(refusing),
  Layer.provide([
    Jobs.layerMemory,
    KillSwitches.layerMemory,
    LogInAttempts.layerMemory,
    Revocations.layerUnknown,
    UserRepo.layerMemory,
    Passwords.layerMemory,
    Tokens.layer
  ]),
  Layer.provide([AppSecret.layerMemory, NodeCrypto.layer])
)

const visitor = Effect.gen(function* () {
  const who = { email: Email.make("ada@example.com"), password: Redacted.make("a password of ada"), name: "Ada" }
  yield* (yield* Users).signUp(who)
  const { token } = yield* (yield* Sessions).logIn(who)
  // From here on each use is to be noted.
  yield* TestClock.adjust("2 minutes")
  return token
})

describe("a session whose use cannot be noted", () => {
  it.effect.each(["read_only", "disk_full"] as const)("lets its owner read, while the store is %s", (reason) =>
    Effect.gen(function* () {
      const token = yield* visitor
      yield* Ref.set(yield* Refusing, reason)
      assert.strictEqual((yield* (yield* Sessions).authenticate(token)).role, "customer")
    }).pipe(Effect.provide(accounts))
  )

  it.effect("is refused while the store is away", () =>
    Effect.gen(function* () {
      const token = yield* visitor
      yield* Ref.set(yield* Refusing, "connection")
      const error = yield* Effect.flip((yield* Sessions).authenticate(token))
      assert.strictEqual(error._tag, "DatabaseUnavailable")
    }).pipe(Effect.provide(accounts))
  )
})
