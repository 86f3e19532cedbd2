/** What only the repository of sessions promises: which of them were ended, since when, for those that remember it. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { SessionRepo } from "../../src/users/SessionRepo.ts"
import { SessionId, UserId } from "../../src/users/User.ts"
import { UserRepo } from "../../src/users/UserRepo.ts"
import { TestDatabase } from "../database/testDatabase.ts"

const ada = UserId.make("usr_ada")

const contract = <E>(name: string, repos: Layer.Layer<SessionRepo | UserRepo, E>) =>
  layer(repos)(`the repository of sessions, ${name}`, (it) => {
    it.effect("tells the sessions that were ended since a moment, until their tokens have run out", () =>
      Effect.gen(function* () {
        const [users, sessions] = [yield* UserRepo, yield* SessionRepo]
        const start = yield* DateTime.now
        const after = (seconds: number) => DateTime.add(start, { seconds })
        const password = Redacted.make("hash")
        const who = { email: "a@b.co", emailNormalized: "a@b.co", name: "Ada", password, createdAt: start }
        yield* users.insert({ id: ada, ...who })
        const session = Effect.fnUntraced(function* (name: string, expiresAt: DateTime.Utc) {
          const id = SessionId.make(`ses_${name}`)
          const tokenHash = new TextEncoder().encode(name)
          yield* sessions.insert({ id, userId: ada, tokenHash, createdAt: start, expiresAt })
          return id
        })
        const [first, second, short] = [
          yield* session("first", after(100)),
          yield* session("second", after(100)),
          yield* session("short", after(10))
        ]
        yield* session("other", after(100))
        yield* sessions.revoke(first, after(1))
        yield* sessions.revoke(second, after(3))
        yield* sessions.revoke(short, after(3))
        const ended = (since: DateTime.Utc | undefined, limit = 10) =>
          Effect.map(sessions.ended(since, limit), (all) => all.map(({ id }) => id).toSorted())
        assert.deepStrictEqual(yield* ended(undefined), [first, second, short])
        assert.deepStrictEqual(yield* ended(undefined, 2), [first, second])
        assert.deepStrictEqual(yield* ended(after(1)), [second, short])
        assert.deepStrictEqual(yield* ended(after(3)), [])
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(yield* sessions.ended(undefined, 10), [
          { id: first, expiresAt: after(100) },
          { id: second, expiresAt: after(100) }
        ])
      })
    )

    it.effect("the repository of users tells who the operators are", () =>
      Effect.gen(function* () {
        const users = yield* UserRepo
        assert.deepStrictEqual(yield* users.operators(10), [])
        yield* users.setRole(ada, "operator")
        assert.deepStrictEqual(yield* users.operators(10), [ada])
        assert.deepStrictEqual(yield* users.operators(0), [])
      })
    )
  })

contract("in memory", Layer.provideMerge(SessionRepo.layerMemory, UserRepo.layerMemory))
contract("in PostgreSQL", Layer.mergeAll(SessionRepo.layer, UserRepo.layer).pipe(Layer.provide(TestDatabase.layer)))
