/**
 * What log ins that fail do to those that follow: run on the maps and on real PostgreSQL alike. Each test brings an
 * account of its own, and moves the clock, which all share, only forward.
 */
import { assert, layer } from "@effect/vitest"
import { Effect, type Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Email } from "../../src/users/Email.ts"
import type { LogInFrom } from "../../src/users/LogInAttempts.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { Users } from "../../src/users/Users.ts"

const attacker: LogInFrom = { address: "203.0.113.66" }
const home: LogInFrom = { address: "192.0.2.10" }

export const logInContract = <E>(name: string, accounts: Layer.Layer<Users | Sessions, E>) => {
  let people = 0
  const stranger = () => ({
    email: Email.make(`victim.${++people}@example.com`),
    password: Redacted.make("hunter2222")
  })
  const member = Effect.gen(function* () {
    const who = stranger()
    yield* (yield* Users).signUp({ ...who, name: "A Victim" })
    return who
  })
  type Who = ReturnType<typeof stranger>
  /** What became of a log in: `in`, or the error's tag. */
  const tried = (who: Who, from: LogInFrom) =>
    Effect.flatMap(Sessions, (sessions) =>
      Effect.match(sessions.logIn(who, from), { onSuccess: () => "in", onFailure: ({ _tag }) => _tag })
    )
  const guess = ({ email }: Who, from = attacker) => tried({ email, password: Redacted.make("a guess") }, from)
  const guesses = (many: number, who: Who, from = attacker) => Effect.replicateEffect(guess(who, from), many)

  layer(accounts)(`log ins that fail, ${name}`, (it) => {
    it.effect("are refused from the tenth on, the right password too, and are let in again after 30 seconds", () =>
      Effect.gen(function* () {
        const who = yield* member
        assert.deepStrictEqual([...new Set(yield* guesses(10, who))], ["InvalidCredentials"])
        const refused = yield* Effect.flip((yield* Sessions).logIn(who, { address: "192.0.2.99" }))
        assert.strictEqual(refused._tag, "TooManyLogInAttempts")
        if (refused._tag === "TooManyLogInAttempts") assert.closeTo(refused.retryAfterSeconds, 30, 5)
        yield* TestClock.adjust("36 seconds")
        assert.strictEqual(yield* tried(who, attacker), "in")
        // Forgiven, all of it.
        assert.deepStrictEqual([...new Set(yield* guesses(9, who))], ["InvalidCredentials"])
        assert.strictEqual(yield* tried(who, attacker), "in")
      })
    )

    it.effect("are counted for an address that nobody has an account under, alike", () =>
      Effect.gen(function* () {
        const nobody = stranger()
        const somebody = yield* member
        for (const who of [nobody, somebody]) yield* guesses(10, who)
        const said = yield* Effect.forEach([nobody, somebody], ({ email }) =>
          Effect.flatMap(Sessions, (sessions) =>
            Effect.flip(sessions.logIn({ email, password: Redacted.make("x") }, attacker))
          )
        )
        for (const error of said) {
          assert.strictEqual(error._tag, "TooManyLogInAttempts")
          if (error._tag === "TooManyLogInAttempts") assert.closeTo(error.retryAfterSeconds, 30, 5)
        }
      })
    )

    it.effect("count together, however the address of the account is written and wherever they come from", () =>
      Effect.gen(function* () {
        const who = yield* member
        const spellings = [who.email, who.email.toUpperCase(), ` ${who.email} `, who.email.replace("victim", "Victim")]
        for (let n = 0; n < 10; n++) {
          yield* guess({ ...who, email: spellings[n % 4] as Email }, { address: `198.51.100.${n}` })
        }
        assert.strictEqual(yield* tried(who, { address: "198.51.100.200" }), "TooManyLogInAttempts")
        assert.strictEqual(yield* tried(who, {}), "TooManyLogInAttempts")
      })
    )

    it.effect("of others do not keep its owner out, where they have logged in before", () =>
      Effect.gen(function* () {
        const who = yield* member
        const { device } = yield* (yield* Sessions).logIn(who, home)
        // For an hour somebody guesses whenever he may.
        for (let minutes = 0; minutes < 60; minutes += 10) {
          yield* guesses(11, who)
          assert.strictEqual(yield* guess(who), "TooManyLogInAttempts")
          assert.strictEqual(yield* tried(who, home), "in")
          assert.strictEqual(yield* tried(who, { address: `198.51.100.${minutes}`, device }), "in")
          yield* TestClock.adjust("10 minutes")
        }
      })
    )

    it.effect("are counted for a device that is known, and for an address that is known, by themselves", () =>
      Effect.gen(function* () {
        const who = yield* member
        const { device } = yield* (yield* Sessions).logIn(who, home)
        yield* guesses(10, who, { ...attacker, device })
        assert.strictEqual(yield* tried(who, { ...attacker, device }), "TooManyLogInAttempts")
        assert.strictEqual(yield* tried(who, home), "in")
        yield* guesses(10, who, home)
        assert.strictEqual(yield* tried(who, home), "TooManyLogInAttempts")
        assert.strictEqual(yield* tried(who, { address: "192.0.2.77" }), "in")
      })
    )

    it.effect("are not forgiven for a device of another account, nor for one that was made up", () =>
      Effect.gen(function* () {
        const [sessions, who, other] = [yield* Sessions, yield* member, yield* member]
        const { device } = yield* sessions.logIn(other, attacker)
        yield* guesses(10, who)
        const madeUp = Redacted.make(`dev_${"A".repeat(22)}.${"A".repeat(43)}`)
        for (const shown of [device, madeUp, Redacted.make(""), Redacted.make("dev_")]) {
          assert.isFalse(sessions.knowsDevice(who.email, shown))
          assert.strictEqual(yield* tried(who, { ...attacker, device: shown }), "TooManyLogInAttempts")
        }
        assert.isTrue(sessions.knowsDevice(other.email.toUpperCase() as Email, device))
      })
    )

    it.effect("a hundred at once are ten guesses, and no more", () =>
      Effect.gen(function* () {
        const who = yield* member
        const answers = yield* Effect.forEach(Array.from({ length: 100 }), () => guess(who), {
          concurrency: "unbounded"
        })
        assert.isAtMost(answers.filter((answer) => answer === "InvalidCredentials").length, 10)
        yield* guesses(10, who)
        assert.strictEqual(yield* guess(who), "TooManyLogInAttempts")
      })
    )

    it.effect("a device keeps the token that it has", () =>
      Effect.gen(function* () {
        const [sessions, who] = [yield* Sessions, yield* member]
        const { device } = yield* sessions.logIn(who, home)
        const again = yield* sessions.logIn(who, { device })
        assert.strictEqual(Redacted.value(again.device), Redacted.value(device))
      })
    )
  })
}
