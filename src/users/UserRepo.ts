/**
 * The `users` table: who owns it is here, and nobody else writes to it. One statement each, joined to an open
 * transaction.
 *
 * `created_at` is always written by this process, in whole milliseconds: a cursor could not point at a finer moment.
 * In memory it is the same contract on a map, uniqueness included.
 */
import type { DateTime, Effect, Option } from "effect"
import { Context, Layer } from "effect"
import type { Database } from "../database/Database.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { EmailTaken } from "./errors.ts"
import type { PasswordHash } from "./Passwords.ts"
import type { Role, User, UserCursor, UserId } from "./User.ts"
import { makeUserRepoMemory } from "./userRepoMemory.ts"
import { makeUserRepoSql } from "./userRepoSql.ts"

export interface NewUser {
  readonly id: UserId
  readonly email: string
  readonly emailNormalized: string
  readonly name: string
  readonly password: PasswordHash
  readonly createdAt: DateTime.Utc
}
export interface StoredCredentials {
  readonly userId: UserId
  readonly password: PasswordHash
}

type Down = DatabaseUnavailable | QueryTimeout

export class UserRepo extends Context.Service<
  UserRepo,
  {
    /** Refused when the address or the id is there already. */
    readonly insert: (
      user: NewUser,
      beside?: {
        /** Runs in the transaction that inserts the user: both, or neither. */
        readonly also: Effect.Effect<void, Down>
        /** Runs once the user is there to stay: after the outermost open transaction has committed. */
        readonly afterwards: Effect.Effect<void>
      }
    ) => Effect.Effect<void, EmailTaken | Down>
    readonly find: (id: UserId) => Effect.Effect<Option.Option<User>, Down>
    readonly credentials: (emailNormalized: string) => Effect.Effect<Option.Option<StoredCredentials>, Down>
    readonly page: (after: UserCursor | undefined, limit: number) => Effect.Effect<ReadonlyArray<User>, Down>
    /** Only while the old one still stands: a password that was changed meanwhile is left alone. */
    readonly replacePassword: (id: UserId, from: PasswordHash, to: PasswordHash) => Effect.Effect<void, Down>
    readonly role: (id: UserId) => Effect.Effect<Option.Option<Role>, Down>
    readonly operators: (limit: number) => Effect.Effect<ReadonlyArray<UserId>, Down>
    /** Whether there was such a user. */
    readonly setRole: (id: UserId, role: Role) => Effect.Effect<boolean, Down>
  }
>()("holdfast/users/UserRepo") {
  static readonly layer: Layer.Layer<UserRepo, never, Database> = Layer.effect(UserRepo, makeUserRepoSql)
  static readonly layerMemory: Layer.Layer<UserRepo> = Layer.sync(UserRepo, makeUserRepoMemory)
}
