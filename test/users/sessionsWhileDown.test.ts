/** Sessions while the database is down: who is taken at their word, for how long, and what is found out later. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable, type UnavailableReason } from "../../src/database/errors.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { Email } from "../../src/users/Email.ts"
import { LogInAttempts } from "../../src/users/LogInAttempts.ts"
import { Passwords } from "../../src/users/Passwords.ts"
import { Revocations } from "../../src/users/Revocations.ts"
import { SessionRepo } from "../../src/users/SessionRepo.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { Tokens } from "../../src/users/Tokens.ts"
import { UserRepo } from "../../src/users/UserRepo.ts"
import { Users } from "../../src/users/Users.ts"

/** Why the store does not answer; undefined while it does. */
class Store extends Context.Service<Store, { fails: UnavailableReason | undefined; asked: number }>()(
  "holdfast/test/Store"
) {
  static readonly layer = Layer.sync(Store, () => ({ fails: undefined, asked: 0 }))
}

const failing = <S extends Record<keyof S, (...args: never) => Effect.Effect<unknown, unknown>>>(
  repo: S,
  store: Store["Service"]
): S =>
  new Proxy(repo, {
    get: (of, name: keyof S & string) =>
      ((...args: never) =>
        Effect.suspend(() => {
          store.asked++
          return store.fails === undefined
            ? of[name](...args)
            : Effect.fail(new DatabaseUnavailable({ reason: store.fails, outcome: "none", retryAfterSeconds: 5 }))
        })) as S[keyof S & string]
  })

const repos = Layer.mergeAll(
  Layer.effect(
    SessionRepo,
    Effect.gen(function* () {
      return failing(yield* SessionRepo, yield* Store)
    })
  ),
  Layer.effect(
    UserRepo,
    Effect.gen(function* () {
      return failing(yield* UserRepo, yield* Store)
    })
  )
).pipe(Layer.provide([SessionRepo.layerMemory, UserRepo.layerMemory]), Layer.provideMerge(Store.layer))

/** A node over the store: what another one learned, it has to learn itself. */
const node = Layer.fresh(
  Layer.mergeAll(Users.layerNoRepo, Sessions.layerNoRepo).pipe(
    Layer.provide(Revocations.layerNoRepo),
    Layer.provideMerge(Tokens.layer),
    Layer.provide([Jobs.layerMemory, KillSwitches.layerMemory, LogInAttempts.layerMemory, Passwords.layerMemory]),
    Layer.provide([AppSecret.layerMemory, NodeCrypto.layer])
  )
)
const accounts = Layer.provideMerge(node, repos)

const visitor = Effect.gen(function* () {
  const who = { email: Email.make("ada@example.com"), password: Redacted.make("a password of ada"), name: "Ada" }
  const user = yield* (yield* Users).signUp(who)
  const { token } = yield* (yield* Sessions).logIn(who)
  const { sessionId } = yield* (yield* Sessions).authenticate(token)
  yield* TestClock.adjust("1 second")
  return { ...who, user, token, sessionId }
})
const goes = (fails: UnavailableReason | undefined) => Effect.map(Store, (store) => void (store.fails = fails))
const answer = (token: Redacted.Redacted<string>) =>
  Effect.flatMap(Sessions, (sessions) => sessions.authenticate(token)).pipe(
    Effect.match({
      onFailure: (error) => (error._tag === "Unauthenticated" ? error.reason : error._tag),
      onSuccess: ({ role, trust }) => `${role} by ${trust.by}`
    })
  )

describe("while the database is down", () => {
  it.effect.each(["connection", "starting", "no_answer", "too_many_connections"] as const)(
    "whoever logged in before is taken at their word (%s)",
    (reason) =>
      Effect.gen(function* () {
        const { token, user } = yield* visitor
        assert.strictEqual(yield* answer(token), "customer by database")
        yield* goes(reason)
        const principal = yield* (yield* Sessions).authenticate(token)
        assert.strictEqual(principal.userId, user.id)
        const { trust } = principal
        assert.strictEqual(trust.by, "token")
        if (trust.by === "token") {
          assert.deepStrictEqual([trust.at, trust.because.reason], [yield* DateTime.now, reason])
        }
        yield* goes(undefined)
        assert.strictEqual(yield* answer(token), "customer by database")
      }).pipe(Effect.provide(accounts))
  )

  it.effect.each(["pool_exhausted", "lock_timeout", "deadlock"] as const)(
    "nobody is, when it is only busy (%s)",
    (reason) =>
      Effect.gen(function* () {
        const { token } = yield* visitor
        yield* goes(reason)
        assert.strictEqual(yield* answer(token), "DatabaseUnavailable")
      }).pipe(Effect.provide(accounts))
  )

  it.effect("nobody is any more after a quarter of an hour", () =>
    Effect.gen(function* () {
      const { token } = yield* visitor
      yield* goes("connection")
      yield* TestClock.adjust("14 minutes")
      assert.strictEqual(yield* answer(token), "customer by token")
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(yield* answer(token), "DatabaseUnavailable")
    }).pipe(Effect.provide(accounts))
  )

  it.effect("whoever logged out a second before is refused, and their other session is not", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions
      const ended = yield* visitor
      const other = yield* sessions.logIn(ended)
      yield* sessions.logOut(ended.sessionId)
      yield* TestClock.adjust("1 second")
      yield* goes("connection")
      assert.strictEqual(yield* answer(ended.token), "session_revoked")
      assert.strictEqual(yield* answer(other.token), "customer by token")
    }).pipe(Effect.provide(accounts))
  )

  it.effect("whoever logged out long ago is refused by a node that has just started", () =>
    Effect.gen(function* () {
      const token = yield* Effect.gen(function* () {
        const { token, user } = yield* visitor
        yield* (yield* Sessions).logOutEverywhere(user.id)
        return token
      }).pipe(Effect.provide(node))
      yield* TestClock.adjust("10 days")
      yield* Effect.gen(function* () {
        yield* TestClock.adjust("1 second")
        yield* goes("connection")
        assert.strictEqual(yield* answer(token), "session_revoked")
      }).pipe(Effect.provide(node))
    }).pipe(Effect.provide(repos))
  )

  it.effect("nobody is taken at their word by a node that never heard who was logged out", () =>
    Effect.gen(function* () {
      const { token } = yield* Effect.provide(visitor, node)
      yield* goes("connection")
      assert.strictEqual(
        yield* Effect.provide(Effect.andThen(TestClock.adjust("5 seconds"), answer(token)), node),
        "DatabaseUnavailable"
      )
    }).pipe(Effect.provide(repos))
  )

  it.effect("the store is asked two questions a second, whoever comes", () =>
    Effect.gen(function* () {
      yield* visitor
      const store = yield* Store
      store.asked = 0
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(store.asked, 20)
    }).pipe(Effect.provide(accounts))
  )

  it.effect("an operator is one still, and who is none any more is none", () =>
    Effect.gen(function* () {
      const users = yield* Users
      const { token, user } = yield* visitor
      yield* users.setRole(user.id, "operator")
      yield* TestClock.adjust("1 second")
      yield* goes("connection")
      assert.strictEqual(yield* answer(token), "operator by token")
      yield* goes(undefined)
      yield* users.setRole(user.id, "customer")
      yield* TestClock.adjust("1 second")
      yield* goes("connection")
      assert.strictEqual(yield* answer(token), "customer by token")
    }).pipe(Effect.provide(accounts))
  )

  it.effect("a token that is not ours, or has run out, is refused as ever", () =>
    Effect.gen(function* () {
      const { sessionId, token, user } = yield* visitor
      yield* goes("connection")
      assert.strictEqual(yield* answer(Redacted.make(`${Redacted.value(token)}x`)), "token_invalid")
      const expiresAt = DateTime.add(yield* DateTime.now, { seconds: 1 })
      const short = yield* (yield* Tokens).issue({ userId: user.id, sessionId, expiresAt })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* answer(short.token), "token_expired")
    }).pipe(Effect.provide(accounts))
  )
})
