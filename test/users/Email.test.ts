/** Addresses: what is one, and when two spellings are the same one. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema } from "effect"
import { Email, normalizeEmail } from "../../src/users/Email.ts"
import { codesOf } from "./codes.ts"

const decode = Schema.decodeUnknownEffect(Email)

describe("an email address", () => {
  it.effect.each([
    "ada@example.com",
    "ada+shop@mail.example.co.uk",
    "o'brien_1@example.com",
    "jürgen@müller.example",
    "user@xn--mller-kva.example",
    `${"a".repeat(64)}@example.com`
  ])("is accepted: %s", (address) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* decode(address), address)
    })
  )

  it.effect.each([
    "",
    "ada",
    "@example.com",
    "ada@",
    "ada@localhost",
    "ada@example.c",
    "ada@127.0.0.1",
    "ada@-example.com",
    "ada@example-.com",
    "ada@exa_mple.com",
    ".ada@example.com",
    "ada.@example.com",
    "a..da@example.com",
    "a da@example.com",
    "ada@bob@example.com",
    "ada\u0000@example.com",
    "ada\r\nBcc: eve@example.com",
    "ada\uD800@example.com",
    `${"a".repeat(65)}@example.com`
  ])("is refused as invalid_format: %j", (address) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(codesOf(yield* Effect.exit(decode(address))), ["invalid_format"])
    })
  )

  it.effect("of more than 254 characters is refused as too_long and nothing else", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(decode(`ada@${"a".repeat(60)}.${"b".repeat(200)}`))
      assert.deepStrictEqual(codesOf(exit), ["too_long"])
    })
  )

  it.effect("loses surrounding space and keeps its capitals when decoded", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* decode(" Ada@Example.com\n"), "Ada@Example.com")
    })
  )

  it.effect("that is hostile to a backtracking pattern is answered at once", () =>
    Effect.gen(function* () {
      for (const address of [`${"a.".repeat(120)}@x`, `a@${"a-".repeat(120)}`, `a@${"1.".repeat(120)}`]) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(decode(address))))
      }
    })
  )
})

describe("two spellings of one address", () => {
  it("are the same in capitals, with space around, and composed or decomposed", () => {
    const spellings = ["JOSÉ@example.com", " josé@example.com ", "jose\u0301@EXAMPLE.com", "JOSE\u0301@Example.Com"]
    assert.deepStrictEqual(new Set(spellings.map(normalizeEmail)), new Set(["josé@example.com"]))
  })

  it.effect.prop("normalise to a form that normalises to itself", [Schema.String], ([value]) =>
    Effect.sync(() => {
      const once = normalizeEmail(value)
      assert.strictEqual(normalizeEmail(once), once)
    })
  )
})
