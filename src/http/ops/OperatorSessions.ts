/**
 * How a browser stays signed in on the operators' port: a page and its event stream cannot send a bearer token.
 *
 * The cookie says who and until when, under a MAC whose key hangs on the app's secret and on that operator's token: it
 * holds on every node and over a restart, and ends when the token is taken out of the settings. Nothing is stored. What
 * changes something needs, beside the cookie, a token that only a page of this port could read (CSRF).
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { Clock, Context, Duration, Effect, Layer, Option, type Redacted } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Base64Url from "effect/encoding/Base64Url"
import { AppSecret, deriveKey } from "../../users/AppSecret.ts"
import { knownOperators, type KnownOperator, type Operator, OperatorTokens, whoShows } from "./OperatorTokens.ts"

export const cookieName = "holdfast_operator"
/** A working day (HTTP.md). */
export const cookieLasts = Duration.hours(8)
/** Long enough to find the terminal's line and click it. */
const linkLasts = Duration.minutes(15)
/** A cookie is about 110 characters; what is longer is none, and not worth a MAC. */
const maximumCookieLength = 400

/** Whether browsers may send the cookie over TLS (and to their own machine) only: so it is in production. */
export const SecureCookies = Context.Reference<boolean>("holdfast/http/SecureCookies", { defaultValue: () => false })

export class OperatorSessions extends Context.Service<
  OperatorSessions,
  {
    /** The cookie's value for whoever shows this token; none when no operator has it. */
    readonly signIn: (token: Redacted.Redacted) => Effect.Effect<Option.Option<string>>
    /** A code that stands for the first operator's token, once. In this process' memory. */
    readonly oneTimeCode: Effect.Effect<Option.Option<string>>
    readonly signInOnce: (code: string) => Effect.Effect<Option.Option<string>>
    readonly operatorOf: (cookie: string) => Effect.Effect<Option.Option<Operator>>
    /** What a form of this cookie's owner carries. */
    readonly csrfOf: (cookie: string) => string
    readonly isCsrfOf: (cookie: string, given: string) => boolean
  }
>()("holdfast/http/OperatorSessions") {
  static readonly layer = Layer.effect(
    OperatorSessions,
    Effect.gen(function* () {
      const known = knownOperators(yield* OperatorTokens)
      const random = yield* SecureRandom.SecureRandom
      const { current, previous } = yield* AppSecret
      const keys = yield* Effect.forEach([current, ...(previous === undefined ? [] : [previous])], (secret) =>
        deriveKey(secret, "operator-session")
      )
      const [newest = new Uint8Array()] = keys
      const codes = new Map<string, number>()

      const sealed = (key: Uint8Array, { digest, name, role }: KnownOperator, expires: string) =>
        mac(key, JSON.stringify([name, role, expires, digest.toString("hex")]))
      const cookieOf = (operator: KnownOperator | undefined) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          if (operator === undefined) return Option.none()
          const expires = String(now + Duration.toMillis(cookieLasts))
          return Option.some([base64(operator.name), expires, sealed(newest, operator, expires)].join("."))
        })
      const csrfBy = (key: Uint8Array, cookie: string) => mac(key, `csrf ${cookie}`)

      return OperatorSessions.of({
        signIn: (token) => cookieOf(whoShows(known, token)),
        oneTimeCode: Effect.gen(function* () {
          const [first] = known
          if (first === undefined) return Option.none()
          const code = Base64Url.encode(yield* random.randomBytes(24))
          codes.set(code, (yield* Clock.currentTimeMillis) + Duration.toMillis(linkLasts))
          return Option.some(code)
        }),
        signInOnce: Effect.fnUntraced(function* (code) {
          const until = codes.get(code) ?? 0
          codes.delete(code)
          return yield* cookieOf(until > (yield* Clock.currentTimeMillis) ? known[0] : undefined)
        }),
        operatorOf: (cookie) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const [name = "", expires = "", seal = ""] = cookie.length > maximumCookieLength ? [] : cookie.split(".")
            const operator = known.find((each) => base64(each.name) === name)
            if (operator === undefined || !(Number(expires) > now)) return Option.none()
            const genuine = keys.some((key) => sameText(sealed(key, operator, expires), seal))
            return genuine ? Option.some({ name: operator.name, role: operator.role }) : Option.none()
          }),
        csrfOf: (cookie) => csrfBy(newest, cookie),
        isCsrfOf: (cookie, given) => keys.some((key) => sameText(csrfBy(key, cookie), given))
      })
    })
  )
}

const base64 = (text: string) => Buffer.from(text).toString("base64url")
const sha256 = (text: string) => createHash("sha256").update(text).digest()
const mac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest("base64url")
const sameText = (one: string, other: string) => timingSafeEqual(sha256(one), sha256(other))
