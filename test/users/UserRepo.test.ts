/** What only the repository of users promises: a changed password is not overwritten by an older thought. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { UserId } from "../../src/users/User.ts"
import { UserRepo } from "../../src/users/UserRepo.ts"
import { TestDatabase } from "../database/testDatabase.ts"

const contract = <E>(name: string, repo: Layer.Layer<UserRepo, E>) =>
  layer(repo)(`the repository of users, ${name}`, (it) => {
    it.effect("replaces a password only while the one that was checked still stands", () =>
      Effect.gen(function* () {
        const users = yield* UserRepo
        const id = UserId.make("usr_1")
        const [first, second, third] = [Redacted.make("first"), Redacted.make("second"), Redacted.make("third")]
        const createdAt = yield* DateTime.now
        yield* users.insert({ id, email: "a@b.co", emailNormalized: "a@b.co", name: "Ada", password: first, createdAt })
        const stored = Effect.map(users.credentials("a@b.co"), (found) =>
          Redacted.value(Option.getOrThrow(found).password)
        )
        yield* users.replacePassword(id, first, second)
        assert.strictEqual(yield* stored, "second")
        yield* users.replacePassword(id, first, third)
        assert.strictEqual(yield* stored, "second")
      })
    )
  })

contract("in memory", UserRepo.layerMemory)
contract("in PostgreSQL", UserRepo.layer.pipe(Layer.provide(TestDatabase.layer)))
