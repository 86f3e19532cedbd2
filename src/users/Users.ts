/**
 * Users: signing up, and reading accounts back. An address belongs to one account, whatever its spelling.
 *
 * Signing up hashes the password before it touches the database, so that no connection waits for a core, and leaves the
 * job of a welcome mail in the transaction that inserts the user.
 * Whether an address is taken is told openly (and rate-limited at the door): that is what signing up is for.
 * `list` is for operators: newest first, by keyset, so that new accounts never shift a page.
 */
import type { Redacted } from "effect"
import { Context, DateTime, Effect, Layer, Option } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { Analytics } from "../dependencies/analytics/Analytics.ts"
import { mailJob } from "../dependencies/email/mails.ts"
import { Jobs } from "../jobs/Jobs.ts"
import { type FeatureDisabled, KillSwitches, whenEnabled } from "../resilience/index.ts"
import type { Email } from "./Email.ts"
import { normalizeEmail } from "./Email.ts"
import type { EmailTaken, HashingOverloaded } from "./errors.ts"
import { UserNotFound } from "./errors.ts"
import { Passwords } from "./Passwords.ts"
import type { Role, User, UserCursor } from "./User.ts"
import { UserId } from "./User.ts"
import { type NewUser, UserRepo } from "./UserRepo.ts"

/** The feature that an operator switches off to take no new accounts; those that exist go on. */
export const signingUp = "sign_up"

export interface SignUp {
  readonly email: Email
  readonly password: Redacted.Redacted<string>
  readonly name: string
}
/** `next` is there only when there is more. */
export interface UserPage {
  readonly users: ReadonlyArray<User>
  readonly next: UserCursor | undefined
}

/** What one answer may hold, whoever asks. */
const maxPage = 100

export class Users extends Context.Service<
  Users,
  {
    readonly signUp: (
      account: SignUp
    ) => Effect.Effect<User, EmailTaken | FeatureDisabled | HashingOverloaded | DatabaseUnavailable | QueryTimeout>
    /** Hashes the password, and makes it ready to be added: at once, or later. With an id, if it is to have that one. */
    readonly prepare: (account: SignUp, id?: UserId) => Effect.Effect<NewUser, FeatureDisabled | HashingOverloaded>
    /** Safe to repeat. Joins the caller's open transaction. */
    readonly add: (user: NewUser) => Effect.Effect<User, EmailTaken | DatabaseUnavailable | QueryTimeout>
    readonly find: (id: UserId) => Effect.Effect<User, UserNotFound | DatabaseUnavailable | QueryTimeout>
    readonly list: (page: {
      readonly cursor?: UserCursor | undefined
      readonly limit: number
    }) => Effect.Effect<UserPage, DatabaseUnavailable | QueryTimeout>
    readonly setRole: (id: UserId, role: Role) => Effect.Effect<void, UserNotFound | DatabaseUnavailable | QueryTimeout>
  }
>()("holdfast/users/Users") {
  static readonly layerNoRepo = Layer.effect(
    Users,
    Effect.gen(function* () {
      const repo = yield* UserRepo
      const passwords = yield* Passwords
      const random = yield* SecureRandom.SecureRandom
      const switches = yield* KillSwitches
      const jobs = yield* Jobs
      const analytics = yield* Analytics

      const prepare = Effect.fn("Users.prepare")(function* ({ email, password, name }: SignUp, given?: UserId) {
        yield* whenEnabled(signingUp).pipe(Effect.provideService(KillSwitches, switches))
        const hash = yield* passwords.hash(password)
        const id = given ?? UserId.make(`usr_${yield* random.ulid}`)
        const createdAt = yield* DateTime.now
        return { id, email, emailNormalized: normalizeEmail(email), name, password: hash, createdAt }
      })

      const add = Effect.fn("Users.add")(function* (user: NewUser) {
        const beside = {
          also: jobs.enqueue(mailJob("welcome", user.id)),
          afterwards: analytics.track({ name: "user_signed_up", about: user.id })
        }
        yield* Effect.catchTag(repo.insert(user, beside), "EmailTaken", (taken) =>
          // By itself, when nobody heard that it was added.
          Effect.flatMap(repo.find(user.id), (found) =>
            Option.isSome(found) && normalizeEmail(found.value.email) === user.emailNormalized
              ? Effect.void
              : Effect.fail(taken)
          )
        )
        const { createdAt, email, id, name } = user
        return { id, email, name, createdAt }
      })

      const signUp = Effect.fn("Users.signUp")((account: SignUp) => Effect.flatMap(prepare(account), add))

      const find = Effect.fn("Users.find")(function* (id: UserId) {
        const found = yield* repo.find(id)
        if (Option.isNone(found)) return yield* new UserNotFound({ userId: id })
        return found.value
      })

      const list = Effect.fn("Users.list")(function* (page: {
        readonly cursor?: UserCursor | undefined
        readonly limit: number
      }) {
        const limit = Math.min(Math.max(1, page.limit), maxPage)
        const found = yield* repo.page(page.cursor, limit + 1)
        const users = found.slice(0, limit)
        const last = users.at(-1)
        const next = found.length > limit && last !== undefined ? { createdAt: last.createdAt, id: last.id } : undefined
        return { users, next }
      })

      const setRole = Effect.fn("Users.setRole")(function* (id: UserId, role: Role) {
        if (!(yield* repo.setRole(id, role))) return yield* new UserNotFound({ userId: id })
      })

      return Users.of({ signUp, prepare, add, find, list, setRole })
    })
  )

  static readonly layer = Users.layerNoRepo.pipe(Layer.provide(UserRepo.layer))
  static readonly layerMemory = Users.layerNoRepo.pipe(Layer.provide(UserRepo.layerMemory))
}
