/** Session tokens: ours, whole, and in time; or refused. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { Tokens } from "../../src/users/Tokens.ts"
import { SessionId, UserId } from "../../src/users/User.ts"

// Fresh: a layer is built once for one reference, and these are several installations.
const secrets = (current: string, previous?: string) =>
  Layer.fresh(Tokens.layer).pipe(
    Layer.provide([
      NodeCrypto.layer,
      Layer.succeed(AppSecret, {
        current: Redacted.make(current),
        previous: previous === undefined ? undefined : Redacted.make(previous)
      })
    ])
  )

const claims = {
  sessionId: SessionId.make("ses_01JD3Z4H5X"),
  userId: UserId.make("usr_01JD3Z4H5Y"),
  expiresAt: DateTime.makeUnsafe(30 * 24 * 3600 * 1000)
}

const issue = Effect.flatMap(Tokens, (tokens) => tokens.issue(claims))
const verify = (token: string) => Effect.flatMap(Tokens, (tokens) => tokens.verify(Redacted.make(token)))
const reason = (token: string) => Effect.map(Effect.flip(verify(token)), (error) => error.reason)

describe("a session token", () => {
  it.effect("says whose it is, and under which hash its session is stored", () =>
    Effect.gen(function* () {
      const { token, hash } = yield* issue
      assert.deepStrictEqual(yield* verify(Redacted.value(token)), { ...claims, hash })
      assert.strictEqual(hash.length, 32)
    }).pipe(Effect.provide(secrets("one")))
  )

  it.effect("begins with sess_, differs each time, and is redacted", () =>
    Effect.gen(function* () {
      const [a, b] = [yield* issue, yield* issue]
      assert.match(Redacted.value(a.token), /^sess_[A-Za-z0-9._-]{100,400}$/)
      assert.notStrictEqual(Redacted.value(a.token), Redacted.value(b.token))
      assert.notInclude(JSON.stringify(a), "sess_")
    }).pipe(Effect.provide(secrets("one")))
  )

  it.effect("is refused at the moment at which it expires", () =>
    Effect.gen(function* () {
      const token = Redacted.value((yield* issue).token)
      yield* TestClock.adjust(DateTime.toEpochMillis(claims.expiresAt) - 1)
      yield* verify(token)
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* reason(token), "token_expired")
    }).pipe(Effect.provide(secrets("one")))
  )

  it.effect.each([
    "",
    "sess_",
    "sess_....",
    "Bearer x",
    "ses_1",
    "sess_a.b.c.d.e.f",
    `sess_${"a".repeat(10_000)}`,
    "sess_é.é"
  ])("is not %j", (token) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* reason(token), "token_invalid")
    }).pipe(Effect.provide(secrets("one")))
  )

  it.effect.prop(
    "is refused with any one of its characters changed",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 })), Schema.Literals([..."Aa0_-.é"])],
    ([at, sign]) =>
      Effect.gen(function* () {
        const token = Redacted.value((yield* issue).token)
        const index = at % token.length
        const changed = `${token.slice(0, index)}${sign}${token.slice(index + 1)}`
        if (changed !== token) assert.strictEqual(yield* reason(changed), "token_invalid", `at ${index}: ${sign}`)
      }).pipe(Effect.provide(secrets("one")))
  )

  it.effect("of another installation is refused", () =>
    Effect.gen(function* () {
      const foreign = yield* Effect.provide(issue, secrets("theirs"))
      assert.strictEqual(yield* reason(Redacted.value(foreign.token)), "token_invalid")
    }).pipe(Effect.provide(secrets("ours")))
  )

  it.effect("outlives the rotation of the secret while the old one is kept, and no longer", () =>
    Effect.gen(function* () {
      const old = yield* Effect.provide(issue, secrets("old"))
      const token = Redacted.value(old.token)
      const kept = yield* Effect.provide(verify(token), secrets("new", "old"))
      assert.strictEqual(kept.userId, claims.userId)
      assert.strictEqual(yield* Effect.provide(reason(token), secrets("new")), "token_invalid")
    })
  )

  it.effect("is made under the new secret after a rotation", () =>
    Effect.gen(function* () {
      const { token } = yield* Effect.provide(issue, secrets("new", "old"))
      yield* Effect.provide(verify(Redacted.value(token)), secrets("new"))
    })
  )
})
