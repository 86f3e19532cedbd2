/**
 * The `sessions` table as a map, for tests and for the shop in memory: see `SessionRepo`. Roles are read from the users
 * beside it.
 */
import { DateTime, Effect, Option } from "effect"
import * as Hex from "effect/encoding/Hex"
import type { NewSession, SessionRepo } from "./SessionRepo.ts"
import type { SessionId } from "./User.ts"
import { UserRepo } from "./UserRepo.ts"

interface Entry extends NewSession {
  readonly lastSeenAt: DateTime.Utc
  readonly revokedAt: DateTime.Utc | undefined
  readonly endedEverywhere: boolean
}

export const makeSessionRepoMemory = Effect.gen(function* () {
  const users = yield* UserRepo
  const sessions = new Map<SessionId, Entry>()

  const change = (which: (session: Entry) => boolean, next: (session: Entry) => Entry) =>
    Effect.sync(() => {
      for (const session of sessions.values()) if (which(session)) sessions.set(session.id, next(session))
    })
  const end = (which: (session: Entry) => boolean, at: DateTime.Utc) =>
    change(
      (session) => which(session) && session.revokedAt === undefined,
      (session) => ({ ...session, revokedAt: at })
    )

  const stored = Effect.fnUntraced(function* (session: Entry | undefined) {
    if (session === undefined) return Option.none()
    const role = yield* users.role(session.userId)
    return Option.map(role, (found) => ({ ...session, role: found }))
  })

  const find: SessionRepo["Service"]["find"] = (tokenHash) => {
    const hash = Hex.encode(tokenHash)
    return stored([...sessions.values()].find((each) => Hex.encode(each.tokenHash) === hash))
  }

  return {
    insert: (session) =>
      Effect.sync(() => {
        sessions.set(session.id, {
          ...session,
          lastSeenAt: session.createdAt,
          revokedAt: undefined,
          endedEverywhere: false
        })
      }),
    find,
    findById: (id) => Effect.suspend(() => stored(sessions.get(id))),
    see: (id, at, unlessSince) =>
      change(
        (session) => session.id === id && DateTime.isLessThanOrEqualTo(session.lastSeenAt, unlessSince),
        (session) => ({ ...session, lastSeenAt: at })
      ),
    ended: (since, limit) =>
      Effect.map(DateTime.now, (now) =>
        [...sessions.values()]
          .filter(
            ({ expiresAt, revokedAt }) =>
              revokedAt !== undefined &&
              (since === undefined || DateTime.isGreaterThan(revokedAt, since)) &&
              DateTime.isGreaterThan(expiresAt, now)
          )
          .slice(0, limit)
          .map(({ expiresAt, id }) => ({ id, expiresAt }))
      ),
    revoke: (id, at) => end((session) => session.id === id, at),
    revokeAll: (userId, at) =>
      change(
        (session) => session.userId === userId,
        (session) => ({ ...session, revokedAt: session.revokedAt ?? at, endedEverywhere: true })
      )
  } satisfies SessionRepo["Service"]
})
