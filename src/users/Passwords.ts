/**
 * Hashing of passwords: argon2id with the parameters that OWASP asks for at least, stored as PHC strings.
 *
 * A hash takes about 23 ms of one core and 19 MiB, on the threads that DNS and files wait for as well:
 * `hashingBulkhead.ts` limits it, and what it has no room for is refused with `HashingOverloaded` before any work.
 * `verify` without a stored hash does exactly the work of one with, and a wrong password may be told no sooner than
 * `HashingLimits.wrongAfter`, however cheap the parameters of its hash: who asks cannot tell whether the account exists.
 * Needs a `Kdf` that knows argon2id: NodeCrypto's layers do, WebCrypto's do not.
 */
import { timingSafeEqual } from "node:crypto"
import { Clock, Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import * as Digest from "effect/crypto/Digest"
import * as Kdf from "effect/crypto/Kdf"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { HashingOverloaded } from "./errors.ts"
import { HashingLimits, makeHashingBulkhead } from "./hashingBulkhead.ts"
import { passwordBytes } from "./Password.ts"
import * as Phc from "./phc.ts"

/** What is stored in place of a password. Redacted as well: whoever has it can guess at leisure. */
export type PasswordHash = Redacted.Redacted<string>
/**
 * `outdated`: right, but hashed with parameters that are no longer ours; hash it anew while the password is at hand.
 */
export type Verdict = "right" | "outdated" | "wrong"

export interface Verification {
  readonly verdict: Verdict
  /** Waits until a wrong one may be told to who asks; whatever is counted of it is counted before. */
  readonly mayBeTold: Effect.Effect<void>
}

/** OWASP's password storage cheat sheet: 19 MiB, two passes, one lane. */
const algorithm = Kdf.argon2id({ memory: 19_456, passes: 2, parallelism: 1 })
const saltBytes = 16
const tagBytes = 32

export class Passwords extends Context.Service<
  Passwords,
  {
    readonly hash: (password: Redacted.Redacted<string>) => Effect.Effect<PasswordHash, HashingOverloaded>
    readonly verify: (
      password: Redacted.Redacted<string>,
      stored: PasswordHash | undefined
    ) => Effect.Effect<Verification, HashingOverloaded>
  }
>()("holdfast/users/Passwords") {
  static readonly layer = Layer.effect(
    Passwords,
    Effect.gen(function* () {
      const kdf = yield* Kdf.Kdf
      const random = yield* SecureRandom.SecureRandom
      const limited = yield* makeHashingBulkhead
      const wrongAfter = Duration.toNanosUnsafe((yield* HashingLimits).wrongAfter)
      // Nobody's password: its tag is random, so nothing hashes to it.
      const nobody: Phc.Argon2idHash = {
        algorithm,
        salt: yield* random.randomBytes(saltBytes),
        tag: yield* random.randomBytes(tagBytes)
      }

      const derive = (password: Redacted.Redacted<string>, by: Kdf.Argon2id, salt: Uint8Array, length: number) =>
        // Fails only where argon2id is missing or its parameters are wrong: a defect of the installation.
        Effect.orDie(kdf.derive(by, passwordBytes(Redacted.value(password)), { salt, length }))

      const hash = Effect.fn("Passwords.hash")(function* (password: Redacted.Redacted<string>) {
        const salt = yield* random.randomBytes(saltBytes)
        const tag = yield* limited(derive(password, algorithm, salt, tagBytes))
        return Redacted.make(Phc.format({ algorithm, salt, tag }))
      })

      const verify = Effect.fn("Passwords.verify")(function* (
        password: Redacted.Redacted<string>,
        stored: PasswordHash | undefined
      ): Effect.fn.Return<Verification, HashingOverloaded> {
        const known = stored === undefined ? nobody : yield* readStored(stored)
        const compared = Effect.gen(function* () {
          const began = yield* Clock.monotonicTimeNanos
          const tag = yield* derive(password, known.algorithm, known.salt, known.tag.length)
          return { began, isRight: timingSafeEqual(tag, known.tag) }
        })
        const { began, isRight } = yield* limited(compared)
        if (isRight) return { verdict: isCurrent(known) ? "right" : "outdated", mayBeTold: Effect.void }
        const mayBeTold = Effect.flatMap(Clock.monotonicTimeNanos, (now) => {
          const left = wrongAfter - (now - began)
          return left > 0n ? Effect.sleep(Duration.nanos(left)) : Effect.void
        })
        return { verdict: "wrong", mayBeTold } satisfies Verification
      })

      return Passwords.of({ hash, verify })
    })
  )

  /**
   * Quick and predictable, with the same answers: for tests and the shop in memory, never for anybody's real password.
   */
  static readonly layerMemory = Layer.effect(
    Passwords,
    Effect.gen(function* () {
      const digest = yield* Digest.Digest
      const quick = (password: Redacted.Redacted<string>) =>
        digest.digestHex(Digest.sha256, passwordBytes(Redacted.value(password)))
      return Passwords.of({
        hash: (password) => Effect.map(quick(password), (hex) => Redacted.make(hex)),
        verify: (password, stored) =>
          Effect.map(quick(password), (hex) => ({
            verdict: stored !== undefined && hex === Redacted.value(stored) ? "right" : "wrong",
            mayBeTold: Effect.void
          }))
      })
    })
  ).pipe(Layer.provide(Digest.layerWebCrypto))
}

const readStored = (stored: PasswordHash) =>
  Option.match(Phc.parse(Redacted.value(stored)), {
    onNone: () => Effect.die(new Error("A stored password is not a PHC string of argon2id")),
    onSome: Effect.succeed
  })

const isCurrent = (known: Phc.Argon2idHash) =>
  known.algorithm.memory === algorithm.memory &&
  known.algorithm.passes === algorithm.passes &&
  known.algorithm.parallelism === algorithm.parallelism &&
  known.tag.length === tagBytes
