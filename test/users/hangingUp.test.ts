/** Who guesses passwords and hangs up before he is told: what he learned is counted. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { Email } from "../../src/users/Email.ts"
import { Passwords, type Verification } from "../../src/users/Passwords.ts"
import { Revocations } from "../../src/users/Revocations.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { Tokens } from "../../src/users/Tokens.ts"

/** Nobody's password is right, and none of them is ever told. */
const sessionsWhere = (verify: Effect.Effect<Verification>) =>
  Sessions.layerMemory.pipe(
    Layer.provide([
      Layer.succeed(Passwords, { hash: () => Effect.die("nothing is hashed"), verify: () => verify }),
      Tokens.layer,
      Revocations.layerUnknown
    ]),
    Layer.provide([AppSecret.layerMemory, NodeCrypto.layer])
  )

const guess = Effect.flatMap(Sessions, (sessions) =>
  sessions.logIn({ email: Email.make("victim@example.com"), password: Redacted.make("a guess") })
)
/** So many guesses at once, each given up as soon as nothing more happens by itself. */
const guessesGivenUp = Effect.fnUntraced(function* (many: number) {
  const fibers = yield* Effect.replicateEffect(Effect.forkChild(guess), many)
  yield* Effect.repeat(Effect.yieldNow, { times: 20 })
  assert.deepStrictEqual(
    fibers.map((fiber) => fiber.pollUnsafe()),
    fibers.map(() => undefined)
  )
  yield* Fiber.interruptAll(fibers)
})

it.effect("a wrong password counts from when it was compared, not from when that is told", () =>
  Effect.gen(function* () {
    yield* guessesGivenUp(10)
    const refused = yield* Effect.flip(guess)
    assert.strictEqual(refused._tag, "TooManyLogInAttempts")
  }).pipe(Effect.provide(sessionsWhere(Effect.succeed({ verdict: "wrong", mayBeTold: Effect.never }))))
)

it.effect("a password that nobody waited to have compared does not count", () =>
  Effect.gen(function* () {
    yield* guessesGivenUp(10)
    yield* guessesGivenUp(10)
  }).pipe(Effect.provide(sessionsWhere(Effect.never)))
)
