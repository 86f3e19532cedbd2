/** The `sessions` table in PostgreSQL: see `SessionRepo`. */
import { DateTime, Effect, Option } from "effect"
import type { SqlClient } from "effect/sql"
import { Database } from "../database/Database.ts"
import type { SessionRepo, StoredSession } from "./SessionRepo.ts"
import type { Role } from "./User.ts"
import { SessionId, UserId } from "./User.ts"

interface Row {
  readonly id: string
  readonly user_id: string
  readonly role: Role
  readonly last_seen_at: Date
  readonly expires_at: Date
  readonly revoked_at: Date | null
  readonly ended_everywhere: boolean
}

const stored = (sql: SqlClient.SqlClient) =>
  sql.literal(
    `select s.id, s.user_id, u.role, s.last_seen_at, s.expires_at, s.revoked_at, s.ended_everywhere
     from sessions s join users u on u.id = s.user_id`
  )

const toSession = (row: Row): StoredSession => ({
  id: SessionId.make(row.id),
  userId: UserId.make(row.user_id),
  role: row.role,
  lastSeenAt: DateTime.fromDateUnsafe(row.last_seen_at),
  expiresAt: DateTime.fromDateUnsafe(row.expires_at),
  revokedAt: row.revoked_at === null ? undefined : DateTime.fromDateUnsafe(row.revoked_at),
  endedEverywhere: row.ended_everywhere
})

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
      .read("sessions.find", (sql) => sql<Row>`${stored(sql)} where s.token_hash = ${tokenHash}`)
      .pipe(Effect.map(([row]) => Option.map(Option.fromNullishOr(row), toSession)))

  const findById: SessionRepo["Service"]["findById"] = (id) =>
    database
      .read("sessions.find_by_id", (sql) => sql<Row>`${stored(sql)} where s.id = ${id}`)
      .pipe(Effect.map(([row]) => Option.map(Option.fromNullishOr(row), toSession)))

  const see: SessionRepo["Service"]["see"] = (id, at, unlessSince) =>
    database.query("sessions.see", (sql) =>
      Effect.asVoid(
        sql`update sessions set last_seen_at = ${DateTime.toDateUtc(at)}
            where id = ${id} and last_seen_at <= ${DateTime.toDateUtc(unlessSince)}`
      )
    )

  const ended: SessionRepo["Service"]["ended"] = Effect.fnUntraced(function* (since, limit) {
    const now = DateTime.toDateUtc(yield* DateTime.now)
    const from = DateTime.toDateUtc(since ?? DateTime.makeUnsafe(0))
    const rows = yield* database.read(
      "sessions.ended",
      (sql) =>
        sql<Pick<Row, "id" | "expires_at">>`select id, expires_at from sessions
          where revoked_at > ${from} and expires_at > ${now} order by revoked_at limit ${limit}`
    )
    return rows.map((row) => ({ id: SessionId.make(row.id), expiresAt: DateTime.fromDateUnsafe(row.expires_at) }))
  })

  const revoke: SessionRepo["Service"]["revoke"] = (id, at) =>
    database.query("sessions.revoke", (sql) =>
      Effect.asVoid(
        sql`update sessions set revoked_at = ${DateTime.toDateUtc(at)} where id = ${id} and revoked_at is null`
      )
    )

  const revokeAll: SessionRepo["Service"]["revokeAll"] = (userId, at) =>
    database.query("sessions.revoke_all", (sql) =>
      Effect.asVoid(
        sql`update sessions set revoked_at = coalesce(revoked_at, ${DateTime.toDateUtc(at)}), ended_everywhere = true
            where user_id = ${userId} and not ended_everywhere`
      )
    )

  return { insert, find, findById, see, ended, revoke, revokeAll } satisfies SessionRepo["Service"]
})
