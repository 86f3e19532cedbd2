/** The `sessions` table in PostgreSQL: see `SessionRepo`. */
import { DateTime, Effect, Option } from "effect"
import { Database } from "../database/Database.ts"
import type { SessionRepo } from "./SessionRepo.ts"
import type { Role } from "./User.ts"
import { SessionId, UserId } from "./User.ts"

interface Row {
  readonly id: string
  readonly user_id: string
  readonly role: Role
  readonly last_seen_at: Date
  readonly expires_at: Date
  readonly revoked: boolean
}

export const makeSessionRepoSql = Effect.gen(function* () {
  const database = yield* Database

  const insert: SessionRepo["Service"]["insert"] = (session) =>
    database.query("sessions.insert", (sql) =>
      Effect.asVoid(
        sql`insert into sessions (id, user_id, token_hash, created_at, last_seen_at, expires_at)
            values (${session.id}, ${session.userId}, ${session.tokenHash}, ${DateTime.toDateUtc(session.createdAt)},
                    ${DateTime.toDateUtc(session.createdAt)}, ${DateTime.toDateUtc(session.expiresAt)})`
      )
    )

  const find: SessionRepo["Service"]["find"] = (tokenHash) =>
    database
      .read(
        "sessions.find",
        (sql) =>
          sql<Row>`select s.id, s.user_id, u.role, s.last_seen_at, s.expires_at, s.revoked_at is not null as revoked
                   from sessions s join users u on u.id = s.user_id
                   where s.token_hash = ${tokenHash}`
      )
      .pipe(
        Effect.map(([row]) =>
          Option.map(Option.fromNullishOr(row), (found) => ({
            id: SessionId.make(found.id),
            userId: UserId.make(found.user_id),
            role: found.role,
            lastSeenAt: DateTime.fromDateUnsafe(found.last_seen_at),
            expiresAt: DateTime.fromDateUnsafe(found.expires_at),
            revoked: found.revoked
          }))
        )
      )

  const see: SessionRepo["Service"]["see"] = (id, at, unlessSince) =>
    database.query("sessions.see", (sql) =>
      Effect.asVoid(
        sql`update sessions set last_seen_at = ${DateTime.toDateUtc(at)}
            where id = ${id} and last_seen_at <= ${DateTime.toDateUtc(unlessSince)}`
      )
    )

  const revoke: SessionRepo["Service"]["revoke"] = (id, at) =>
    database.query("sessions.revoke", (sql) =>
      Effect.asVoid(
        sql`update sessions set revoked_at = ${DateTime.toDateUtc(at)} where id = ${id} and revoked_at is null`
      )
    )

  const revokeAll: SessionRepo["Service"]["revokeAll"] = (userId, at) =>
    database.query("sessions.revoke_all", (sql) =>
      Effect.asVoid(
        sql`update sessions set revoked_at = ${DateTime.toDateUtc(at)} where user_id = ${userId} and revoked_at is null`
      )
    )

  return { insert, find, see, revoke, revokeAll } satisfies SessionRepo["Service"]
})
