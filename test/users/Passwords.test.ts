/** Hashing: the format, its known answer, and how much of it goes on at once. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Option, Redacted } from "effect"
import * as Kdf from "effect/crypto/Kdf"
import { TestClock } from "effect/testing"
import { HashingLimits } from "../../src/users/hashingBulkhead.ts"
import { Passwords } from "../../src/users/Passwords.ts"

const limits: HashingLimits = {
  atOnce: 2,
  waiting: 3,
  wait: Duration.seconds(2),
  wrongAfter: Duration.millis(200)
}
const real = Passwords.layer.pipe(Layer.provide(NodeCrypto.layer))
const password = Redacted.make("x7Kq!mzP")

describe.each([
  ["argon2id", real],
  ["in memory", Passwords.layerMemory]
] as const)("passwords, %s", (_, layer) => {
  it.effect("a hash is right for its password only", () =>
    Effect.gen(function* () {
      const passwords = yield* Passwords
      const stored = yield* passwords.hash(password)
      assert.strictEqual((yield* passwords.verify(password, stored)).verdict, "right")
      assert.strictEqual((yield* passwords.verify(Redacted.make("x7Kq!mzp"), stored)).verdict, "wrong")
    }).pipe(Effect.provide(layer))
  )

  it.effect("nothing stored is wrong for every password", () =>
    Effect.gen(function* () {
      const passwords = yield* Passwords
      assert.strictEqual((yield* passwords.verify(password, undefined)).verdict, "wrong")
    }).pipe(Effect.provide(layer))
  )

  it.effect("a hash shows itself to nobody", () =>
    Effect.gen(function* () {
      const stored = yield* (yield* Passwords).hash(password)
      assert.strictEqual(`${stored}${JSON.stringify({ stored })}`, '<redacted>{"stored":"<redacted>"}')
    }).pipe(Effect.provide(layer))
  )
})

describe("argon2id", () => {
  it.effect("hashes with OWASP's parameters and a salt of its own each time", () =>
    Effect.gen(function* () {
      const passwords = yield* Passwords
      const [a, b] = [Redacted.value(yield* passwords.hash(password)), Redacted.value(yield* passwords.hash(password))]
      assert.match(a, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
      assert.notStrictEqual(a, b)
    }).pipe(Effect.provide(real))
  )

  // From the test suite of the reference implementation: password "password", salt "somesalt".
  it.effect("knows the reference implementation's hash, and that its parameters are not ours", () =>
    Effect.gen(function* () {
      const stored = Redacted.make(
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
      )
      const passwords = yield* Passwords
      assert.strictEqual((yield* passwords.verify(Redacted.make("password"), stored)).verdict, "outdated")
      assert.strictEqual((yield* passwords.verify(Redacted.make("differentpassword"), stored)).verdict, "wrong")
    }).pipe(Effect.provide(real))
  )

  it.effect("dies of a stored text that is no hash, without repeating it", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit((yield* Passwords).verify(password, Redacted.make("$2b$canary")))
      assert.isTrue(Exit.hasDies(exit))
      assert.notInclude(String(exit), "canary")
    }).pipe(Effect.provide(real))
  )
})

/** A Kdf that holds every hash until it is let go, and counts how many it holds. */
const held = (limits: HashingLimits) =>
  Effect.gen(function* () {
    const release = yield* Deferred.make<void>()
    const seen = { running: 0, most: 0, begun: 0 }
    const kdf = Layer.succeed(Kdf.Kdf, {
      derive: (_algorithm, _secret, { length }) =>
        Effect.suspend(() => {
          seen.begun++
          seen.most = Math.max(seen.most, ++seen.running)
          return Deferred.await(release).pipe(
            Effect.as(new Uint8Array(length)),
            Effect.ensuring(Effect.sync(() => seen.running--))
          )
        })
    })
    const layer = Passwords.layer.pipe(
      Layer.provide([kdf, NodeCrypto.layerSecureRandom, Layer.succeed(HashingLimits, limits)])
    )
    return { seen, release, passwords: yield* Effect.provide(Passwords, layer) }
  })

describe("hashing under load", () => {
  it.effect("runs no more at once than it may, and refuses at once what the queue has no room for", () =>
    Effect.gen(function* () {
      const { seen, release, passwords } = yield* held(limits)
      const fibers = yield* Effect.forEach(Array.from({ length: 8 }), () => Effect.forkChild(passwords.hash(password)))
      yield* TestClock.adjust(0)
      const refused = fibers.map((fiber) => fiber.pollUnsafe()).filter((exit) => exit !== undefined)
      assert.strictEqual(refused.length, 3)
      for (const exit of refused) {
        const error = Option.getOrThrow(Exit.findErrorOption(exit))
        assert.deepStrictEqual([error._tag, error.retryAfterSeconds], ["HashingOverloaded", 2])
      }
      yield* Deferred.succeed(release, undefined)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual([exits.filter(Exit.isSuccess).length, seen.most, seen.begun], [5, 2, 5])
    })
  )

  it.effect("refuses after two seconds of waiting, not before", () =>
    Effect.gen(function* () {
      const { seen, passwords } = yield* held(limits)
      for (let i = 0; i < limits.atOnce; i++) yield* Effect.forkChild(passwords.hash(password))
      yield* TestClock.adjust(0)
      const late = yield* Effect.forkChild(Effect.flip(passwords.hash(password)))
      yield* TestClock.adjust("1999 millis")
      assert.isUndefined(late.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(late))._tag, "HashingOverloaded")
      assert.strictEqual(seen.begun, limits.atOnce)
    })
  )

  it.effect("gives a place back when its caller has left, whether it ran or waited", () =>
    Effect.gen(function* () {
      const { release, passwords } = yield* held(limits)
      const fill = Effect.forEach(Array.from({ length: 5 }), () => Effect.forkChild(passwords.hash(password)))
      const first = yield* fill
      yield* TestClock.adjust(0)
      yield* Fiber.interruptAll(first)
      const second = yield* fill
      yield* TestClock.adjust(0)
      yield* Deferred.succeed(release, undefined)
      const exits = yield* Effect.forEach(second, Fiber.await)
      assert.isTrue(exits.every(Exit.isSuccess))
    })
  )

  it.effect("does the same work for an account that does not exist", () =>
    Effect.gen(function* () {
      const { seen, release, passwords } = yield* held(limits)
      yield* Deferred.succeed(release, undefined)
      const stored = yield* passwords.hash(password)
      const before = seen.begun
      yield* passwords.verify(password, stored)
      const known = seen.begun - before
      yield* passwords.verify(password, undefined)
      assert.deepStrictEqual([known, seen.begun - before - known], [1, 1])
    })
  )
})

/** A Kdf by whose clock a hash takes as many milliseconds as it has KiB. */
const timed = Passwords.layer.pipe(
  Layer.provide(
    Layer.succeed(Kdf.Kdf, {
      derive: (algorithm, _secret, { length }) =>
        Effect.as(
          Effect.sleep(algorithm._tag === "Argon2id" ? Math.min(algorithm.memory, 50) : 0),
          new Uint8Array(length)
        )
    })
  ),
  Layer.provide([NodeCrypto.layerSecureRandom, Layer.succeed(HashingLimits, { ...limits, atOnce: 1 })])
)

describe("a wrong password", () => {
  it.effect("may be told 200 ms after its hash began, whatever was stored; a right one as soon as it is known", () =>
    Effect.gen(function* () {
      const passwords = yield* Passwords
      const told = (stored: string | undefined) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(
            Effect.tap(
              passwords.verify(password, stored === undefined ? undefined : Redacted.make(stored)),
              ({ mayBeTold }) => mayBeTold
            )
          )
          for (let millis = 0; ; millis++) {
            const exit = fiber.pollUnsafe()
            if (exit !== undefined) return [(yield* exit).verdict, millis]
            yield* TestClock.adjust(1)
          }
        })
      const ofZeros = "A".repeat(43)
      const ofOnes = `${"/".repeat(42)}8`
      const former = (tag: string) => `$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$${tag}`
      assert.deepStrictEqual(yield* told(undefined), ["wrong", 200])
      assert.deepStrictEqual(yield* told(former(ofOnes)), ["wrong", 200])
      assert.deepStrictEqual(yield* told(former(ofZeros)), ["outdated", 8])
    }).pipe(Effect.provide(timed))
  )
})
