/** Accounts as they are looked at while the database is away: as known last on this node, for a while, or not at all. */
import { assert, it } from "@effect/vitest"
import { Context, DateTime, Duration, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { DatabaseUnavailable } from "../../src/database/errors.ts"
import { Directory } from "../../src/users/Directory.ts"
import { UserNotFound } from "../../src/users/errors.ts"
import { UserId } from "../../src/users/User.ts"
import { Users } from "../../src/users/Users.ts"

class Away extends Context.Service<Away, { is: boolean; asked: number }>()("holdfast/test/Away") {
  static readonly layer = Layer.sync(Away, () => ({ is: false, asked: 0 }))
}
const ada = { id: UserId.make("usr_ada"), email: "ada@example.com", name: "Ada", createdAt: DateTime.makeUnsafe(0) }
const away = new DatabaseUnavailable({ reason: "no_answer", outcome: "none", retryAfterSeconds: 5 })

const users = Layer.effect(
  Users,
  Effect.map(Away, (state) => {
    const answer = <A, E>(value: Effect.Effect<A, E>) =>
      Effect.suspend((): Effect.Effect<A, E | DatabaseUnavailable> => {
        state.asked++
        return state.is ? Effect.fail(away) : value
      })
    return Users.of({
      signUp: () => Effect.die("not here"),
      prepare: () => Effect.die("not here"),
      add: () => Effect.die("not here"),
      setRole: () => Effect.die("not here"),
      find: (id) => answer(id === ada.id ? Effect.succeed(ada) : Effect.fail(new UserNotFound({ userId: id }))),
      list: () => answer(Effect.succeed({ users: [ada], next: undefined }))
    })
  })
)
const directory = Directory.layer.pipe(Layer.provide(users), Layer.provideMerge(Away.layer))
const stranger = UserId.make("usr_stranger")

it.effect("who was looked at before is shown as they were, for a quarter of an hour", () =>
  Effect.gen(function* () {
    const [accounts, state] = [yield* Directory, yield* Away]
    assert.deepStrictEqual(yield* accounts.find(ada.id), { _tag: "Fresh", value: ada })
    state.is = true
    yield* TestClock.adjust("14 minutes")
    const shown = yield* accounts.find(ada.id)
    assert.deepStrictEqual([shown._tag, shown.value], ["Stale", ada])
    if (shown._tag === "Stale") assert.strictEqual(Duration.toMinutes(shown.age), 14)
    yield* TestClock.adjust("2 minutes")
    assert.strictEqual((yield* Effect.flip(accounts.find(ada.id)))._tag, "DatabaseUnavailable")
  }).pipe(Effect.provide(directory))
)

it.effect("who was not is not known, which is not that there is nobody", () =>
  Effect.gen(function* () {
    const [accounts, state] = [yield* Directory, yield* Away]
    assert.strictEqual((yield* Effect.flip(accounts.find(stranger)))._tag, "UserNotFound")
    state.is = true
    for (const id of [ada.id, stranger]) {
      const error = yield* Effect.flip(accounts.find(id))
      assert.strictEqual(error._tag, "DatabaseUnavailable")
      if (error._tag === "DatabaseUnavailable") assert.strictEqual(error.reason, "no_answer")
    }
  }).pipe(Effect.provide(directory))
)

it.effect("a page of the list is shown as it was, and another page not at all", () =>
  Effect.gen(function* () {
    const [accounts, state] = [yield* Directory, yield* Away]
    yield* accounts.list({ limit: 10 })
    state.is = true
    assert.deepStrictEqual((yield* accounts.list({ limit: 10 })).value.users, [ada])
    assert.strictEqual((yield* Effect.flip(accounts.list({ limit: 11 })))._tag, "DatabaseUnavailable")
    const cursor = { createdAt: ada.createdAt, id: ada.id }
    assert.strictEqual((yield* Effect.flip(accounts.list({ limit: 10, cursor })))._tag, "DatabaseUnavailable")
  }).pipe(Effect.provide(directory))
)

it.effect("is live again two seconds after the database is", () =>
  Effect.gen(function* () {
    const [accounts, state] = [yield* Directory, yield* Away]
    yield* accounts.find(ada.id)
    state.is = true
    yield* Effect.forEach(Array.from({ length: 20 }), () => accounts.find(ada.id))
    state.is = false
    yield* TestClock.adjust("2 seconds")
    state.asked = 0
    const shown = yield* Effect.forEach(Array.from({ length: 50 }), () => accounts.find(ada.id))
    assert.isTrue(shown.every(({ _tag }) => _tag === "Fresh"))
    assert.strictEqual(state.asked, 50)
  }).pipe(Effect.provide(directory))
)
