/**
 * What every implementation of users and sessions must do: run on the maps and on real PostgreSQL alike.
 * The tests share one instance and its clock, so each brings people of its own and only ever moves time forward.
 */
import { assert, layer } from "@effect/vitest"
import type { Layer } from "effect"
import { DateTime, Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Email } from "../../src/users/Email.ts"
import { InvalidCredentials } from "../../src/users/errors.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { Tokens } from "../../src/users/Tokens.ts"
import { SessionId, UserId } from "../../src/users/User.ts"
import { Users } from "../../src/users/Users.ts"

export const accountsContract = <E>(name: string, accounts: Layer.Layer<Users | Sessions | Tokens, E>) => {
  let people = 0
  const person = () => ({
    email: Email.make(`Person.${++people}@Example.com`),
    password: Redacted.make(`password of person ${people}`),
    name: `Person ${people}`
  })
  const member = Effect.gen(function* () {
    const who = person()
    const user = yield* (yield* Users).signUp(who)
    return { ...who, user }
  })
  const visitor = Effect.gen(function* () {
    const who = yield* member
    const session = yield* (yield* Sessions).logIn(who)
    return { ...who, session }
  })
  const refusal = (token: Redacted.Redacted<string>) =>
    Effect.flatMap(Sessions, (sessions) => Effect.flip(sessions.authenticate(token))).pipe(
      Effect.map((error) => (error._tag === "Unauthenticated" ? error.reason : error._tag))
    )

  layer(accounts)(`users, ${name}`, (it) => {
    it.effect("signing up gives a user that is found under its id", () =>
      Effect.gen(function* () {
        const { user, email, name } = yield* member
        assert.match(user.id, /^usr_/)
        assert.deepStrictEqual([user.email, user.name], [email, name])
        assert.deepStrictEqual(yield* (yield* Users).find(user.id), user)
      })
    )

    it.effect.each([
      ["in capitals", "MIXED@EXAMPLE.COM"],
      ["with space around", "  mixed@example.com "]
    ] as const)("an address that is taken stays taken when it is written %s", ([, spelling]) =>
      Effect.gen(function* () {
        const users = yield* Users
        yield* Effect.ignore(users.signUp({ ...person(), email: Email.make("mixed@example.com") }))
        // Not through the schema: whatever gets past it, the account is the same.
        const again = yield* Effect.flip(users.signUp({ ...person(), email: spelling as Email }))
        assert.strictEqual(again._tag, "EmailTaken")
      })
    )

    it.effect("an address that is taken stays taken when its accents are typed apart", () =>
      Effect.gen(function* () {
        const users = yield* Users
        yield* users.signUp({ ...person(), email: Email.make("jos\u00E9@example.com") })
        const again = yield* Effect.flip(users.signUp({ ...person(), email: "jose\u0301@example.com" as Email }))
        assert.strictEqual(again._tag, "EmailTaken")
      })
    )

    it.effect("of twenty who sign up with one address at once, one gets it", () =>
      Effect.gen(function* () {
        const users = yield* Users
        const who = person()
        const answers = yield* Effect.forEach(
          Array.from({ length: 20 }),
          () => Effect.match(users.signUp(who), { onFailure: (error) => error._tag, onSuccess: () => "signed up" }),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(answers.toSorted(), [...Array.from({ length: 19 }, () => "EmailTaken"), "signed up"])
      })
    )

    it.effect("a user who is not there is not found", () =>
      Effect.gen(function* () {
        const users = yield* Users
        const id = UserId.make("usr_nobody")
        assert.deepInclude(yield* Effect.flip(users.find(id)), { _tag: "UserNotFound", userId: id })
        assert.deepInclude(yield* Effect.flip(users.setRole(id, "operator")), { _tag: "UserNotFound", userId: id })
      })
    )

    it.effect("the list shows everybody once, newest first, also those of one moment, and ends", () =>
      Effect.gen(function* () {
        const users = yield* Users
        const made: Array<string> = []
        for (let i = 0; i < 5; i++) {
          made.unshift((yield* member).user.id)
          if (i % 2 === 1) yield* TestClock.adjust("1 second")
        }
        const seen: Array<string> = []
        let page = yield* users.list({ limit: 2 })
        seen.push(...page.users.map((user) => user.id))
        while (page.next !== undefined) {
          // Who comes while one reads does not shift the pages.
          if (seen.length === 2) yield* member
          page = yield* users.list({ limit: 2, cursor: page.next })
          assert.isAtMost(page.users.length, 2)
          seen.push(...page.users.map((user) => user.id))
        }
        assert.deepStrictEqual(seen.slice(0, 5), made)
        assert.strictEqual(new Set(seen).size, seen.length)
      })
    )

    it.effect("a page holds 100 at most, and at least one", () =>
      Effect.gen(function* () {
        const users = yield* Users
        yield* member
        assert.isAtMost((yield* users.list({ limit: 1_000_000 })).users.length, 100)
        assert.strictEqual((yield* users.list({ limit: -1 })).users.length, 1)
      })
    )
  })

  layer(accounts)(`sessions, ${name}`, (it) => {
    it.effect("logging in gives a token that says who asks", () =>
      Effect.gen(function* () {
        const { user, session } = yield* visitor
        const principal = yield* (yield* Sessions).authenticate(session.token)
        assert.deepInclude(principal, { userId: user.id, role: "customer" })
        assert.strictEqual(session.userId, user.id)
        const days = (DateTime.toEpochMillis(session.expiresAt) - (yield* DateTime.now).epochMilliseconds) / 86_400_000
        assert.strictEqual(days, 30)
      })
    )

    it.effect("logging in takes any spelling of the address", () =>
      Effect.gen(function* () {
        const { email, password, user } = yield* member
        const session = yield* (yield* Sessions).logIn({ email: email.toUpperCase() as Email, password })
        assert.strictEqual(session.userId, user.id)
      })
    )

    it.effect("a wrong password and an unknown address get one and the same answer", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const { email } = yield* member
        const wrong = yield* Effect.flip(sessions.logIn({ email, password: Redacted.make("another password") }))
        const unknown = yield* Effect.flip(sessions.logIn(person()))
        assert.instanceOf(wrong, InvalidCredentials)
        assert.deepStrictEqual({ ...wrong, message: wrong.message }, { ...unknown, message: unknown.message })
      })
    )

    it.effect("a change of role counts from the next request on", () =>
      Effect.gen(function* () {
        const { user, session } = yield* visitor
        yield* (yield* Users).setRole(user.id, "operator")
        assert.strictEqual((yield* (yield* Sessions).authenticate(session.token)).role, "operator")
      })
    )

    it.effect("logging out ends that session and no other, and may be repeated", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const { email, password, session } = yield* visitor
        const other = yield* sessions.logIn({ email, password })
        const { sessionId } = yield* sessions.authenticate(session.token)
        yield* sessions.logOut(sessionId)
        yield* sessions.logOut(sessionId)
        yield* sessions.logOut(SessionId.make("ses_never_was"))
        assert.strictEqual(yield* refusal(session.token), "session_revoked")
        yield* sessions.authenticate(other.token)
      })
    )

    it.effect("logging out everywhere ends all of one user's sessions", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const { email, password, session, user } = yield* visitor
        const second = yield* sessions.logIn({ email, password })
        const stranger = yield* visitor
        yield* sessions.logOutEverywhere(user.id)
        assert.deepStrictEqual(
          [yield* refusal(session.token), yield* refusal(second.token)],
          ["session_revoked", "session_revoked"]
        )
        yield* sessions.authenticate(stranger.session.token)
      })
    )

    it.effect("a token that we made but never stored is refused", () =>
      Effect.gen(function* () {
        const { user } = yield* member
        const expiresAt = DateTime.addDuration(yield* DateTime.now, "1 hour")
        const { token } = yield* (yield* Tokens).issue({
          sessionId: SessionId.make("ses_never_was"),
          userId: user.id,
          expiresAt
        })
        assert.strictEqual(yield* refusal(token), "session_unknown")
      })
    )

    it.effect("a session that is not used for 30 minutes is over", () =>
      Effect.gen(function* () {
        const { session } = yield* visitor
        yield* TestClock.adjust("1799 seconds")
        yield* (yield* Sessions).authenticate(session.token)
        yield* TestClock.adjust("1800 seconds")
        assert.strictEqual(yield* refusal(session.token), "session_idle")
      })
    )

    it.effect("use is noted after a minute, and not before", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const [early, late] = [yield* visitor, yield* visitor]
        yield* TestClock.adjust("59 seconds")
        yield* sessions.authenticate(early.session.token)
        yield* TestClock.adjust("1 second")
        yield* sessions.authenticate(late.session.token)
        yield* TestClock.adjust("1740 seconds")
        assert.strictEqual(yield* refusal(early.session.token), "session_idle")
        yield* sessions.authenticate(late.session.token)
      })
    )

    it.effect("whether a session stood at a moment is told by when it was ended, or last used", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const { session, user } = yield* visitor
        const { sessionId } = yield* sessions.authenticate(session.token)
        const handedIn = yield* DateTime.now
        const verdict = (at: DateTime.Utc) =>
          Effect.match(sessions.stood(sessionId, at), {
            onFailure: (error) => (error._tag === "Unauthenticated" ? error.reason : error._tag),
            onSuccess: () => "stood"
          })
        assert.strictEqual(yield* verdict(handedIn), "stood")
        assert.strictEqual(yield* verdict(DateTime.add(handedIn, { minutes: 30 })), "session_idle")
        yield* TestClock.adjust("1 minute")
        const ended = yield* DateTime.now
        yield* sessions.logOut(sessionId)
        assert.strictEqual(yield* verdict(handedIn), "stood")
        assert.strictEqual(yield* verdict(ended), "session_revoked")
        yield* sessions.logOutEverywhere(user.id)
        assert.strictEqual(yield* verdict(handedIn), "session_revoked")
        const error = yield* Effect.flip(sessions.stood(SessionId.make("ses_never_was"), handedIn))
        assert.deepInclude(error, { reason: "session_unknown" })
      })
    )

    it.effect("a session is over after 30 days, however much it was used", () =>
      Effect.gen(function* () {
        const { session } = yield* visitor
        yield* TestClock.adjust("30 days")
        assert.strictEqual(yield* refusal(session.token), "token_expired")
      })
    )
  })
}
