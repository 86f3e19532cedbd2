/** Names, and the shape in which a user is shown. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import { Name, User, UserId } from "../../src/users/User.ts"
import { codesOf } from "./codes.ts"

const decode = Schema.decodeUnknownEffect(Name)

describe("a name", () => {
  it.effect.each(["Al", "Ada Lovelace", "José", "李雷", "👩‍👩‍👧 family", "क्षत्रिय", "𝒜".repeat(100)])(
    "is accepted: %s",
    (name) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* decode(` ${name} `), name)
      })
  )

  it.effect.each([
    ["one character", " a ", "too_short"],
    ["only space", "     ", "too_short"],
    ["101 characters", "𝒜".repeat(101), "too_long"],
    ["NUL", "Ada\u0000Lovelace", "invalid_characters"],
    ["half a surrogate pair", "Ada\uDC00", "invalid_characters"],
    ["a line break", "Ada\nLovelace", "invalid_characters"],
    ["an escape", "Ada\u001B[31m", "invalid_characters"],
    ["text turned around", "Ada\u202Elevol", "invalid_characters"]
  ] as const)("of %s is refused", ([, name, code]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(codesOf(yield* Effect.exit(decode(name))), [code])
    })
  )
})

describe("a user", () => {
  it.effect("is shown with exactly id, email, name and created_at", () =>
    Effect.gen(function* () {
      const shown = yield* Schema.encodeEffect(User)({
        id: UserId.make("usr_1"),
        email: "ada@example.com",
        name: "Ada",
        createdAt: DateTime.makeUnsafe("2026-11-20T12:00:00.000Z")
      })
      assert.deepStrictEqual(shown, {
        id: "usr_1",
        email: "ada@example.com",
        name: "Ada",
        created_at: "2026-11-20T12:00:00.000Z"
      })
    })
  )
})
