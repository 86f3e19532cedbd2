/**
 * The `sessions` table. A session is found by the hash of its token; the token itself is never stored.
 *
 * Ending a session keeps its row, with the moment at which it ended: a recovery must be able to tell "ended" from
 * "never was". Nothing here judges whether a session still stands: `Sessions` does.
 */
import type { DateTime, Effect, Option } from "effect"
import { Context, Layer } from "effect"
import type { Database } from "../database/Database.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { makeSessionRepoMemory } from "./sessionRepoMemory.ts"
import { makeSessionRepoSql } from "./sessionRepoSql.ts"
import type { Role, SessionId, UserId } from "./User.ts"
import { UserRepo } from "./UserRepo.ts"

export interface NewSession {
  readonly id: SessionId
  readonly userId: UserId
  readonly tokenHash: Uint8Array
  readonly createdAt: DateTime.Utc
  readonly expiresAt: DateTime.Utc
}
export interface StoredSession {
  readonly id: SessionId
  readonly userId: UserId
  readonly role: Role
  readonly lastSeenAt: DateTime.Utc
  readonly expiresAt: DateTime.Utc
  readonly revokedAt: DateTime.Utc | undefined
  /** Its account was logged out everywhere, before this session ended or after. */
  readonly endedEverywhere: boolean
}

type Down = DatabaseUnavailable | QueryTimeout

export class SessionRepo extends Context.Service<
  SessionRepo,
  {
    readonly insert: (session: NewSession) => Effect.Effect<void, Down>
    readonly find: (tokenHash: Uint8Array) => Effect.Effect<Option.Option<StoredSession>, Down>
    readonly findById: (id: SessionId) => Effect.Effect<Option.Option<StoredSession>, Down>
    /** Does nothing where it was seen since `unlessSince`, so that many requests at once write once. */
    readonly see: (id: SessionId, at: DateTime.Utc, unlessSince: DateTime.Utc) => Effect.Effect<void, Down>
    /** Those that were ended, since a moment or ever, and whose tokens have not run out; the first of them. */
    readonly ended: (
      since: DateTime.Utc | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Pick<NewSession, "id" | "expiresAt">>, Down>
    readonly revoke: (id: SessionId, at: DateTime.Utc) => Effect.Effect<void, Down>
    readonly revokeAll: (userId: UserId, at: DateTime.Utc) => Effect.Effect<void, Down>
  }
>()("holdfast/users/SessionRepo") {
  static readonly layer: Layer.Layer<SessionRepo, never, Database> = Layer.effect(SessionRepo, makeSessionRepoSql)
  static readonly layerMemory: Layer.Layer<SessionRepo> = Layer.effect(SessionRepo, makeSessionRepoMemory).pipe(
    Layer.provide(UserRepo.layerMemory)
  )
}
