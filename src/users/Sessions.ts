/**
 * Sessions: logging in, who it is that asks, and logging out. The database decides; a token alone proves nothing for
 * long.
 *
 * A failed log in has one answer, and does the same work whether the address is known or not: one read, one hash, no
 * write. A session ends 30 days after it began, and after 30 minutes in which it was not used; use is noted once a
 * minute at most, so those 30 minutes may come out up to one shorter. Every log in begins a session of its own.
 */
import type { Redacted } from "effect"
import { Context, DateTime, Duration, Effect, Layer, Option } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { Email } from "./Email.ts"
import { normalizeEmail } from "./Email.ts"
import type { HashingOverloaded } from "./errors.ts"
import { InvalidCredentials, Unauthenticated } from "./errors.ts"
import { Passwords } from "./Passwords.ts"
import { SessionRepo } from "./SessionRepo.ts"
import { Tokens } from "./Tokens.ts"
import type { Role, UserId } from "./User.ts"
import { SessionId } from "./User.ts"
import { UserRepo } from "./UserRepo.ts"

/** The longest that a stolen token can be of use, and the longest that a forgotten browser can (OWASP ASVS 7.3). */
const absolute = Duration.days(30)
const idle = Duration.minutes(30)
/** A write a request would be most of the load of a page that is read. */
const noteUseEvery = Duration.minutes(1)

export interface LogIn {
  readonly email: Email
  readonly password: Redacted.Redacted<string>
}
export interface LoggedIn {
  readonly token: Redacted.Redacted<string>
  readonly userId: UserId
  readonly expiresAt: DateTime.Utc
}
/** Who asks. */
export interface Principal {
  readonly userId: UserId
  readonly role: Role
  readonly sessionId: SessionId
}

export class Sessions extends Context.Service<
  Sessions,
  {
    readonly logIn: (
      credentials: LogIn
    ) => Effect.Effect<LoggedIn, InvalidCredentials | HashingOverloaded | DatabaseUnavailable | QueryTimeout>
    readonly authenticate: (
      token: Redacted.Redacted<string>
    ) => Effect.Effect<Principal, Unauthenticated | DatabaseUnavailable | QueryTimeout>
    /** Ending what has ended already is fine. */
    readonly logOut: (id: SessionId) => Effect.Effect<void, DatabaseUnavailable | QueryTimeout>
    readonly logOutEverywhere: (userId: UserId) => Effect.Effect<void, DatabaseUnavailable | QueryTimeout>
  }
>()("holdfast/users/Sessions") {
  static readonly layerNoRepo = Layer.effect(
    Sessions,
    Effect.gen(function* () {
      const users = yield* UserRepo
      const sessions = yield* SessionRepo
      const passwords = yield* Passwords
      const tokens = yield* Tokens
      const random = yield* SecureRandom.SecureRandom

      const logIn = Effect.fn("Sessions.logIn")(function* ({ email, password }: LogIn) {
        const known = Option.getOrUndefined(yield* users.credentials(normalizeEmail(email)))
        const verdict = yield* passwords.verify(password, known?.password)
        if (known === undefined || verdict === "wrong") return yield* new InvalidCredentials()
        if (verdict === "outdated") {
          yield* users.replacePassword(known.userId, known.password, yield* passwords.hash(password))
        }
        const sessionId = SessionId.make(`ses_${yield* random.ulid}`)
        const createdAt = yield* DateTime.now
        const expiresAt = DateTime.addDuration(createdAt, absolute)
        const { token, hash } = yield* tokens.issue({ sessionId, userId: known.userId, expiresAt })
        yield* sessions.insert({ id: sessionId, userId: known.userId, tokenHash: hash, createdAt, expiresAt })
        return { token, userId: known.userId, expiresAt }
      })

      const authenticate = Effect.fn("Sessions.authenticate")(function* (token: Redacted.Redacted<string>) {
        const claims = yield* tokens.verify(token)
        const found = yield* sessions.find(claims.hash)
        if (Option.isNone(found)) return yield* new Unauthenticated({ reason: "session_unknown" })
        const session = found.value
        const now = yield* DateTime.now
        const over = whyOver(session, now)
        if (over !== undefined) return yield* new Unauthenticated({ reason: over })
        const noted = DateTime.subtractDuration(now, noteUseEvery)
        if (DateTime.isLessThanOrEqualTo(session.lastSeenAt, noted)) {
          // Who only reads is not sent away because their reading cannot be noted.
          yield* sessions
            .see(session.id, now, noted)
            .pipe(
              Effect.catchTag("DatabaseUnavailable", (error) =>
                error.stillReads
                  ? Effect.logDebug("the use of a session was not noted", { code: error.reason })
                  : Effect.fail(error)
              )
            )
        }
        return { userId: session.userId, role: session.role, sessionId: session.id }
      })

      const logOut = Effect.fn("Sessions.logOut")(function* (id: SessionId) {
        yield* sessions.revoke(id, yield* DateTime.now)
      })

      const logOutEverywhere = Effect.fn("Sessions.logOutEverywhere")(function* (userId: UserId) {
        yield* sessions.revokeAll(userId, yield* DateTime.now)
      })

      return Sessions.of({ logIn, authenticate, logOut, logOutEverywhere })
    })
  )

  static readonly layer = Sessions.layerNoRepo.pipe(Layer.provide([SessionRepo.layer, UserRepo.layer]))
  static readonly layerMemory = Sessions.layerNoRepo.pipe(
    Layer.provide([SessionRepo.layerMemory, UserRepo.layerMemory])
  )
}

interface Standing {
  readonly revoked: boolean
  readonly expiresAt: DateTime.Utc
  readonly lastSeenAt: DateTime.Utc
}

const whyOver = (session: Standing, now: DateTime.Utc) => {
  if (session.revoked) return "session_revoked"
  if (DateTime.isLessThanOrEqualTo(session.expiresAt, now)) return "token_expired"
  if (DateTime.isLessThanOrEqualTo(DateTime.addDuration(session.lastSeenAt, idle), now)) return "session_idle"
  return undefined
}
