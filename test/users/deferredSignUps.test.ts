/** Sign ups with a key, and while the database is down: on maps, and on real PostgreSQL alike. */
import { assert, layer } from "@effect/vitest"
import { Effect, type Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Appliers } from "../../src/jobs/spool/Deferred.ts"
import { DeferredWrites } from "../../src/jobs/spool/DeferredWrites.ts"
import { makeHandover } from "../../src/jobs/spool/handover.ts"
import { Spool } from "../../src/jobs/spool/Spool.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { DeferredSignUps } from "../../src/users/DeferredSignUps.ts"
import { Email } from "../../src/users/Email.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { signingUp, type Users } from "../../src/users/Users.ts"
import { deferringInMemory, deferringInPostgres, type Fate, goes, password } from "../orders/deferred/shop.ts"

type Needs = Appliers | DeferredSignUps | DeferredWrites | Fate | KillSwitches | Sessions | Spool | Users

let people = 0
const person = (name = "A Person") => ({ email: Email.make(`deferred.${++people}@example.com`), password, name })
type Person = ReturnType<typeof person>

const signUp = (who: Person, key?: string) => Effect.flatMap(DeferredSignUps, (signUps) => signUps.signUp(who, key))
const keep = Effect.fnUntraced(function* (who: Person, key?: string) {
  yield* goes("down")
  const kept = yield* Effect.ensuring(signUp(who, key), goes("up"))
  return "deferred" in kept ? kept : yield* Effect.die("it was not deferred")
})
const settle = Effect.fnUntraced(function* (id: string) {
  yield* Effect.flatten(makeHandover)
  const [writes, appliers] = [yield* DeferredWrites, yield* Appliers]
  yield* writes.decide(id, (entry) => appliers[entry.kind](entry))
  return Option.getOrUndefined(yield* writes.find(id))?.outcome
})
const logsIn = ({ email }: Person) =>
  Effect.flatMap(Sessions, (sessions) => Effect.map(sessions.logIn({ email, password }), ({ userId }) => userId))
const depth = Effect.flatMap(Spool, (spool) => Effect.map(spool.snapshot, (snapshot) => snapshot.depth))

const contract = <E>(name: string, shop: Layer.Layer<Needs, E>) => {
  layer(shop)(`a sign up, ${name}`, (it) => {
    it.effect("with a key is one account, however often it is sent, and whatever its password", () =>
      Effect.gen(function* () {
        const who = person()
        const key = `key-${who.email}`
        const first = yield* signUp(who, key)
        const again = yield* signUp({ ...who, email: Email.make(who.email.toUpperCase()) }, key)
        assert.isTrue("user" in first && "user" in again && first.user.id === again.user.id)
        assert.deepStrictEqual(
          [first, again].map(({ replayed }) => replayed),
          [false, true]
        )
        assert.strictEqual((yield* Effect.flip(signUp(person(), key)))._tag, "SignUpKeyReused")
        assert.strictEqual((yield* Effect.flip(signUp({ ...who, name: "Another" }, key)))._tag, "SignUpKeyReused")
        assert.strictEqual((yield* Effect.flip(signUp(who)))._tag, "EmailTaken")
      })
    )

    it.effect("while the database is down is kept, and is an account when it is back", () =>
      Effect.gen(function* () {
        const who = person()
        const { deferred, replayed } = yield* keep(who, `key-${who.email}`)
        assert.deepInclude(deferred, { kind: "sign_up", account: "", outcome: undefined })
        assert.deepInclude(yield* keep(who, `key-${who.email}`), { replayed: true })
        assert.isFalse(replayed)
        const kept = Option.getOrThrow(yield* (yield* Spool).find(deferred.id))
        assert.notInclude(JSON.stringify(kept), "long enough")
        const outcome = yield* settle(deferred.id)
        assert.deepStrictEqual(outcome, { _tag: "Applied", resource: `/v1/users/${yield* logsIn(who)}` })
        const direct = yield* signUp(who, `key-${who.email}`)
        assert.isTrue("user" in direct && direct.replayed)
      })
    )

    it.effect("without a key is kept under one of its own: two that look the same are two", () =>
      Effect.gen(function* () {
        const who = person()
        const [one, two] = [yield* keep(who), yield* keep(who)]
        assert.notStrictEqual(one.deferred.id, two.deferred.id)
        assert.deepInclude(yield* settle(one.deferred.id), { _tag: "Applied" })
        assert.deepStrictEqual(yield* settle(two.deferred.id), { _tag: "Failed", problem: { _tag: "EmailTaken" } })
      })
    )

    it.effect("of which nobody knows whether it was committed is the one that was", () =>
      Effect.gen(function* () {
        const who = person()
        yield* goes("unheard")
        const kept = yield* Effect.ensuring(signUp(who), goes("up"))
        const userId = yield* logsIn(who)
        const outcome = yield* settle("deferred" in kept ? kept.deferred.id : "")
        assert.deepStrictEqual(outcome, { _tag: "Applied", resource: `/v1/users/${userId}` })
      })
    )

    it.effect("under a key that was used for another is refused, now or when it is applied", () =>
      Effect.gen(function* () {
        const key = `shared-${++people}`
        const first = yield* keep(person(), key)
        assert.strictEqual((yield* Effect.flip(keep(person(), key)))._tag, "SignUpKeyReused")
        yield* settle(first.deferred.id)
        const second = yield* keep(person(), key)
        const problem = { _tag: "SignUpKeyReused" }
        assert.deepStrictEqual(yield* settle(second.deferred.id), { _tag: "Failed", problem })
      })
    )

    it.effect("that waited longer than an hour is dropped", () =>
      Effect.gen(function* () {
        const who = person()
        const { deferred } = yield* keep(who)
        yield* TestClock.adjust("61 minutes")
        assert.deepStrictEqual(yield* settle(deferred.id), { _tag: "Failed", problem: { _tag: "DeferredExpired" } })
        assert.strictEqual((yield* Effect.flip(logsIn(who)))._tag, "InvalidCredentials")
      })
    )

    it.effect("is not kept while signing up is switched off, nor while the database is only busy", () =>
      Effect.gen(function* () {
        const switches = yield* KillSwitches
        const by = { actor: "ada", reason: "too many robots" }
        const before = yield* depth
        yield* switches.set(signingUp, "off", by)
        assert.strictEqual((yield* Effect.flip(keep(person())))._tag, "FeatureDisabled")
        yield* switches.clear(signingUp, "off", by)
        yield* goes("busy")
        const refused = yield* Effect.ensuring(Effect.flip(signUp(person())), goes("up"))
        assert.deepInclude(refused, { _tag: "DatabaseUnavailable" })
        assert.strictEqual(yield* depth, before)
      })
    )
  })
}

contract("in memory", deferringInMemory)
contract("in PostgreSQL", deferringInPostgres)
