/**
 * Sessions: logging in, who it is that asks, and logging out. The database decides; a token alone proves nothing for
 * long.
 *
 * A failed log in has one answer, and does the same work whether the address is known or not: the same reads and writes,
 * one hash. Failures are counted before anybody is told, and delay the next (`LogInAttempts`). A session ends 30 days after
 * it began, and after 30 minutes in which it was not used; use is noted once a minute at most, so those 30 minutes may come
 * out up to one shorter. Every log in begins a session of its own.
 *
 * While the database is down, a token of ours that has not run out is taken at its word for up to 15 minutes, unless its
 * session is known to have been ended: for reading what is shown as it was known last, and for handing in what is
 * decided later. Whoever decides later asks again (`stood`).
 */
import type { Redacted } from "effect"
import { Context, DateTime, Duration, Effect, Layer, Metric, Option } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { Email } from "./Email.ts"
import { normalizeEmail } from "./Email.ts"
import type { HashingOverloaded, TooManyLogInAttempts } from "./errors.ts"
import { InvalidCredentials, Unauthenticated } from "./errors.ts"
import { LogInAttempts, type LogInFrom } from "./LogInAttempts.ts"
import { Passwords } from "./Passwords.ts"
import { Revocations } from "./Revocations.ts"
import { SessionRepo } from "./SessionRepo.ts"
import { type SessionClaims, Tokens } from "./Tokens.ts"
import type { Role, UserId } from "./User.ts"
import { SessionId } from "./User.ts"
import { UserRepo } from "./UserRepo.ts"

/** The longest that a stolen token can be of use, and the longest that a forgotten browser can (OWASP ASVS 7.3). */
const absolute = Duration.days(30)
const idle = Duration.minutes(30)
/** A write a request would be most of the load of a page that is read. */
const noteUseEvery = Duration.minutes(1)

const takenAtTheirWord = Metric.counter("holdfast_sessions_taken_at_their_word_total", {
  description: "requests let in by their token alone, while the database was down",
  incremental: true
})

export interface LogIn {
  readonly email: Email
  readonly password: Redacted.Redacted<string>
}
export interface LoggedIn {
  readonly token: Redacted.Redacted<string>
  readonly userId: UserId
  /** Shown at the next log in, the failures of others do not delay it. */
  readonly device: Redacted.Redacted<string>
  readonly expiresAt: DateTime.Utc
}
/** Who asks. */
export interface Principal {
  readonly userId: UserId
  readonly role: Role
  readonly sessionId: SessionId
  readonly trust: Trust
}
/** Why a principal is believed: the database said so, or, since it could not be asked, the token alone. */
export type Trust =
  | { readonly by: "database" }
  | { readonly by: "token"; readonly at: DateTime.Utc; readonly because: DatabaseUnavailable }

/** Only who was looked up: for whatever must not be done for a token alone. */
export const knownToTheDatabase = (principal: Principal): Effect.Effect<Principal, DatabaseUnavailable> =>
  principal.trust.by === "database" ? Effect.succeed(principal) : Effect.fail(principal.trust.because)

export class Sessions extends Context.Service<
  Sessions,
  {
    readonly logIn: (
      credentials: LogIn,
      from?: LogInFrom
    ) => Effect.Effect<
      LoggedIn,
      InvalidCredentials | TooManyLogInAttempts | HashingOverloaded | DatabaseUnavailable | QueryTimeout
    >
    /** Whether this device has logged in to this account before. From memory. */
    readonly knowsDevice: (email: Email, device: LogInFrom["device"]) => boolean
    readonly authenticate: (
      token: Redacted.Redacted<string>
    ) => Effect.Effect<Principal, Unauthenticated | DatabaseUnavailable | QueryTimeout>
    /**
     * Whether a session that was taken at its word at this moment stood then. Joins the caller's open transaction. One
     * that was ended since stood still.
     */
    readonly stood: (
      id: SessionId,
      at: DateTime.Utc
    ) => Effect.Effect<void, Unauthenticated | DatabaseUnavailable | QueryTimeout>
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
      const revocations = yield* Revocations
      const random = yield* SecureRandom.SecureRandom
      const attempts = yield* LogInAttempts

      const logIn = Effect.fn("Sessions.logIn")(function* ({ email, password }: LogIn, from: LogInFrom = {}) {
        const address = normalizeEmail(email)
        let mayBeTold: Effect.Effect<void> = Effect.void
        const verified = Effect.gen(function* () {
          const known = Option.getOrUndefined(yield* users.credentials(address))
          const found = yield* passwords.verify(password, known?.password)
          mayBeTold = found.mayBeTold
          if (known === undefined || found.verdict === "wrong") return yield* new InvalidCredentials()
          if (found.verdict === "outdated") {
            yield* users.replacePassword(known.userId, known.password, yield* passwords.hash(password))
          }
          return known.userId
        })
        const userId = yield* attempts
          .counted(address, from, verified)
          .pipe(Effect.tapErrorTag("InvalidCredentials", () => mayBeTold))
        const device = yield* attempts.deviceFor(address, from.device)
        const sessionId = SessionId.make(`ses_${yield* random.ulid}`)
        const createdAt = yield* DateTime.now
        const expiresAt = DateTime.addDuration(createdAt, absolute)
        const { token, hash } = yield* tokens.issue({ sessionId, userId, expiresAt })
        yield* sessions.insert({ id: sessionId, userId, tokenHash: hash, createdAt, expiresAt })
        return { token, userId, device, expiresAt }
      })

      const lookedUp = Effect.fnUntraced(function* (claims: SessionClaims & { readonly hash: Uint8Array }) {
        const found = yield* sessions.find(claims.hash)
        if (Option.isNone(found)) return yield* new Unauthenticated({ reason: "session_unknown" })
        const session = found.value
        const now = yield* DateTime.now
        const over = session.revokedAt === undefined ? whyOver(session, now) : "session_revoked"
        if (over !== undefined) return yield* new Unauthenticated({ reason: over })
        const noted = DateTime.subtractDuration(now, noteUseEvery)
        if (DateTime.isLessThanOrEqualTo(session.lastSeenAt, noted)) {
          // Who only reads is not sent away because their reading cannot be noted.
          yield* sessions
            .see(session.id, now, noted)
            .pipe(
              Effect.catchTag("DatabaseUnavailable", (error) =>
                error.stillReads
                  ? Effect.logDebug("the use of a session was not noted", { module: "users", code: error.reason })
                  : Effect.fail(error)
              )
            )
        }
        const { role, id: sessionId, userId } = session
        return { userId, role, sessionId, trust: { by: "database" } } satisfies Principal
      })

      const atItsWord = Effect.fnUntraced(function* (claims: SessionClaims, because: DatabaseUnavailable) {
        const { sessionId, userId } = claims
        const known = yield* revocations.known(claims)
        if (known.is === "unknown") return yield* because
        if (known.is === "ended") return yield* new Unauthenticated({ reason: "session_revoked" })
        yield* Metric.update(takenAtTheirWord, 1)
        const trust = { by: "token", at: yield* DateTime.now, because } as const
        return { userId, role: known.role, sessionId, trust } satisfies Principal
      })

      const authenticate = Effect.fn("Sessions.authenticate")(function* (token: Redacted.Redacted<string>) {
        const claims = yield* tokens.verify(token)
        return yield* Effect.catchTag(
          lookedUp(claims),
          "DatabaseUnavailable",
          (error): ReturnType<Sessions["Service"]["authenticate"]> =>
            error.down ? atItsWord(claims, error) : Effect.fail(error)
        )
      })

      const stood = Effect.fn("Sessions.stood")(function* (id: SessionId, at: DateTime.Utc) {
        const found = yield* sessions.findById(id)
        if (Option.isNone(found)) return yield* new Unauthenticated({ reason: "session_unknown" })
        const { endedEverywhere, revokedAt } = found.value
        // Who logs out everywhere wants nothing done any more that was begun with any of their sessions.
        const ended = endedEverywhere || (revokedAt !== undefined && DateTime.isLessThanOrEqualTo(revokedAt, at))
        const over = ended ? "session_revoked" : whyOver(found.value, at)
        if (over !== undefined) return yield* new Unauthenticated({ reason: over })
      })

      const logOut = Effect.fn("Sessions.logOut")(function* (id: SessionId) {
        yield* sessions.revoke(id, yield* DateTime.now)
      })

      const logOutEverywhere = Effect.fn("Sessions.logOutEverywhere")(function* (userId: UserId) {
        yield* sessions.revokeAll(userId, yield* DateTime.now)
      })

      const knowsDevice = (email: Email, device: LogInFrom["device"]) => attempts.knows(normalizeEmail(email), device)

      return Sessions.of({ logIn, knowsDevice, authenticate, stood, logOut, logOutEverywhere })
    })
  )

  static readonly layer = Sessions.layerNoRepo.pipe(
    Layer.provide([SessionRepo.layer, UserRepo.layer, LogInAttempts.layer])
  )
  static readonly layerMemory = Sessions.layerNoRepo.pipe(
    Layer.provide([SessionRepo.layerMemory, UserRepo.layerMemory, LogInAttempts.layerMemory])
  )
}

interface Standing {
  readonly expiresAt: DateTime.Utc
  readonly lastSeenAt: DateTime.Utc
}

const whyOver = (session: Standing, now: DateTime.Utc) => {
  if (DateTime.isLessThanOrEqualTo(session.expiresAt, now)) return "token_expired"
  if (DateTime.isLessThanOrEqualTo(DateTime.addDuration(session.lastSeenAt, idle), now)) return "session_idle"
  return undefined
}
