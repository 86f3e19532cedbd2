/** Choosing a password, and presenting one. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { isCommonPassword } from "../../src/users/commonPasswords.ts"
import { Password, PasswordAttempt, passwordBytes } from "../../src/users/Password.ts"
import { codesOf } from "./codes.ts"

const choose = Schema.decodeUnknownEffect(Password)

describe("choosing a password", () => {
  it.effect.each([
    ["seven bytes", "x7Kq!mz", "too_short"],
    ["129 bytes", `x7Kq!mzP${"ö".repeat(60)}z`, "too_long"],
    ["half a surrogate pair", "x7Kq!mzP\uD800", "invalid_characters"],
    ["a common word", "password", "too_common"]
  ] as const)("refuses %s", ([, password, code]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(codesOf(yield* Effect.exit(choose(password))), [code])
    })
  )

  it.effect.each(["x7Kq!mzP", "correct horse battery", "пароль-длинный", "        9xk", `x7Kq!mzP${"ö".repeat(60)}`])(
    "takes any characters, up to 128 bytes: %j",
    (password) =>
      Effect.gen(function* () {
        assert.strictEqual(Redacted.value(yield* choose(password)), password)
      })
  )

  it.effect("shows it nowhere: not in the value, not in the refusal", () =>
    Effect.gen(function* () {
      const chosen = yield* choose("canary-7Kq!mzP")
      assert.notInclude(`${chosen} ${JSON.stringify(chosen)}`, "canary")
      const refused = yield* Effect.flip(choose(`canary-${"x".repeat(200)}`))
      assert.notInclude(`${refused} ${refused.message} ${JSON.stringify(refused)}`, "canary")
    })
  )
})

describe("presenting a password", () => {
  it.effect("may be anything that is not too long, so that a stricter rule locks nobody out", () =>
    Effect.gen(function* () {
      const attempt = Schema.decodeUnknownEffect(PasswordAttempt)
      assert.strictEqual(Redacted.value(yield* attempt("password")), "password")
      assert.strictEqual(Redacted.value(yield* attempt("")), "")
      assert.deepStrictEqual(codesOf(yield* Effect.exit(attempt("x".repeat(129)))), ["too_long"])
    })
  )

  it("has the same bytes however the keyboard composed it", () => {
    assert.deepStrictEqual(passwordBytes("cafe\u0301-à-la"), passwordBytes("café-à-la"))
  })
})

describe("a common password", () => {
  it.each([
    "password",
    "PASSWORD",
    "Password123!",
    "P@ssw0rd",
    "p4$$w0rd2024",
    "dragon2024!",
    "!!monkey99",
    "Summer2026",
    "iloveyou1",
    "i-love-you",
    "ｐａｓｓｗｏｒｄ",
    "aaaaaaaa",
    "12345678",
    "0987654321",
    "abcdefgh",
    "hgfedcba",
    "qwertyuiop",
    "poiuytrewq",
    "abcabcabc",
    "winterwinter",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "1q2w3e4r5t6y",
    "qazwsxedc",
    "147258369",
    "11223344",
    "123456789a",
    "aa123456",
    "a1111111",
    "aa111111",
    "1111111a",
    "11111111!",
    "abcd123456",
    "qwe123456",
    "Spring2024",
    "monday123"
  ])("is %s", (password) => {
    assert.isTrue(isCommonPassword(password))
  })

  it.each([
    "x7Kq!mzP",
    "correct horse battery",
    "dragonfruit-salad",
    "tr0ub4dor&3x",
    "24 bottles of milk",
    "xk83159024",
    "ada90210x"
  ])("is not %s", (password) => {
    assert.isFalse(isCommonPassword(password))
  })

  it.effect.prop(
    "stays common in any capitals and with a year behind it",
    [
      Schema.Literals(["password", "dragon", "sunshine", "qwerty"]),
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9999 }))
    ],
    ([word, number]) =>
      Effect.sync(() => {
        const dressed = `${word.slice(0, number % word.length)}${word.slice(number % word.length).toUpperCase()}${number}`
        assert.isTrue(isCommonPassword(dressed), dressed)
      })
  )
})
