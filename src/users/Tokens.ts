/**
 * Session tokens: `sess_<kid>.<session>.<user>.<expiry>.<256 random bits>.<MAC>`; opaque to whoever carries one.
 *
 * The MAC (HMAC-SHA256, a key of its own derived from the app's secret) covers all that stands before it, so that a
 * token can be told from a made-up one, and dated, without asking the database; whether its session still stands, only
 * the database knows. What is stored is the SHA-256 of the whole token, never the token. `verify` refuses alike
 * whatever is wrong, and compares in constant time.
 */
import { timingSafeEqual } from "node:crypto"
import { Clock, Context, DateTime, Effect, Layer, Redacted, Schema } from "effect"
import * as Digest from "effect/crypto/Digest"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Base64Url from "effect/encoding/Base64Url"
import { AppSecret, deriveKey } from "./AppSecret.ts"
import { Unauthenticated } from "./errors.ts"
import { SessionId, UserId } from "./User.ts"

export interface SessionClaims {
  readonly sessionId: SessionId
  readonly userId: UserId
  readonly expiresAt: DateTime.Utc
}

/** Stands in front of every token, so that scanners for leaked secrets know one when they see it. */
const prefix = "sess_"
/** A token is about 180 characters; what is longer is none, and not worth a MAC. */
const maxLength = 400
const nonceBytes = 32

export class Tokens extends Context.Service<
  Tokens,
  {
    readonly issue: (
      claims: SessionClaims
    ) => Effect.Effect<{ readonly token: Redacted.Redacted<string>; readonly hash: Uint8Array }>
    /** The claims of a token that we made and that has not expired, and the hash under which its session is stored. */
    readonly verify: (
      token: Redacted.Redacted<string>
    ) => Effect.Effect<SessionClaims & { readonly hash: Uint8Array }, Unauthenticated>
  }
>()("holdfast/users/Tokens") {
  static readonly layer = Layer.effect(
    Tokens,
    Effect.gen(function* () {
      const secret = yield* AppSecret
      const mac = yield* Mac.Mac
      const digest = yield* Digest.Digest
      const random = yield* SecureRandom.SecureRandom
      const current = yield* makeKey(secret.current)
      const known = secret.previous === undefined ? [current] : [current, yield* makeKey(secret.previous)]

      const signed = (key: SigningKey, body: string) =>
        Effect.map(Effect.orDie(mac.sign(key.key, bytes(body))), (tag) => `${body}.${Base64Url.encode(tag)}`)
      const hashOf = (token: string) => digest.digest(Digest.sha256, bytes(token))

      const issue = Effect.fn("Tokens.issue")(function* (claims: SessionClaims) {
        const nonce = Base64Url.encode(yield* random.randomBytes(nonceBytes))
        const expiry = DateTime.toEpochMillis(claims.expiresAt).toString(36)
        const body = `${prefix}${[current.id, claims.sessionId, claims.userId, expiry, nonce].join(".")}`
        const token = yield* signed(current, body)
        return { token: Redacted.make(token), hash: yield* hashOf(token) }
      })

      const verify = Effect.fn("Tokens.verify")(function* (given: Redacted.Redacted<string>) {
        const token = Redacted.value(given)
        if (token.length > maxLength || !token.startsWith(prefix)) return yield* invalid
        const body = token.slice(0, token.lastIndexOf("."))
        const [kid, sessionId, userId, expiry] = body.slice(prefix.length).split(".")
        const key = known.find(({ id }) => id === kid)
        if (key === undefined || !sameText(yield* signed(key, body), token)) return yield* invalid
        // Ours, by its MAC: what it says needs no further doubt than its shape.
        const claims = yield* decodeClaims({ sessionId, userId, expiresAt: parseInt(expiry ?? "", 36) })
        if (DateTime.toEpochMillis(claims.expiresAt) <= (yield* Clock.currentTimeMillis)) {
          return yield* new Unauthenticated({ reason: "token_expired" })
        }
        return { ...claims, hash: yield* hashOf(token) }
      })

      return Tokens.of({ issue, verify })
    })
  )
}

interface SigningKey {
  readonly id: string
  readonly key: Mac.Key
}

/** The id names the key without telling anything of it: six bytes derived beside it. */
const makeKey = Effect.fnUntraced(function* (secret: Redacted.Redacted<string>) {
  const id = Base64Url.encode((yield* deriveKey(secret, "session-key-id")).slice(0, 6))
  const key = yield* Effect.orDie(Mac.key(Mac.hmacSha256, yield* deriveKey(secret, "session-mac")))
  return { id, key } satisfies SigningKey
})

const invalid = Effect.suspend(() => Effect.fail(new Unauthenticated({ reason: "token_invalid" })))

const bytes = (value: string) => new TextEncoder().encode(value)
const sameText = (a: string, b: string) => {
  const [left, right] = [bytes(a), bytes(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const Claims = Schema.Struct({ sessionId: SessionId, userId: UserId, expiresAt: Schema.DateTimeUtcFromMillis })
const decodeClaims = (claims: unknown) =>
  Schema.decodeUnknownEffect(Claims)(claims).pipe(
    Effect.mapError(() => new Unauthenticated({ reason: "token_invalid" }))
  )
