/**
 * A password, redacted from the moment that it is decoded: no log, error or trace can show it.
 *
 * `Password` is for choosing one: 8 to 128 bytes of UTF-8, any characters, no rules of composition, and none of the
 * common ones. `PasswordAttempt` is for logging in: only what is too long to belong to anyone is refused, so that a
 * stricter rule for new passwords never locks an old account out. Length counts bytes because that is what hashing
 * costs; nothing is ever cut off.
 *
 * Both encode, for a client that sends them. No answer has one in its schema; a test of the API's document holds that.
 */
import { Schema } from "effect"
import { isCommonPassword } from "./commonPasswords.ts"

/**
 * Shorter is guessed (OWASP ASVS 6.2.1). Longer makes hashing a way to keep the server busy, and is refused before it
 * is hashed.
 */
const bytes = { minimum: 8, maximum: 128 }

/** The bytes that are hashed: one Unicode form, so that the same keys on another machine are the same password. */
export const passwordBytes = (password: string): Uint8Array => new TextEncoder().encode(password.normalize("NFC"))

const notTooLong = Schema.makeFilter((value: string) => passwordBytes(value).length <= bytes.maximum, {
  code: "too_long",
  message: `A password has at most ${bytes.maximum} bytes.`,
  toJsonSchema: () => [{ maxLength: bytes.maximum }, true]
}).abort()

const notTooShort = Schema.makeFilter((value: string) => passwordBytes(value).length >= bytes.minimum, {
  code: "too_short",
  message: `A password has at least ${bytes.minimum} bytes.`,
  toJsonSchema: () => [{}, true]
}).abort()

// Half a surrogate pair has no bytes of its own: encoded, all of them would be the same character, and so the same
// password.
const wellFormed = Schema.makeFilter((value: string) => value.isWellFormed(), {
  code: "invalid_characters",
  message: "A password is made of whole characters.",
  toJsonSchema: () => [{}, true]
}).abort()

const notCommon = Schema.makeFilter((value: string) => !isCommonPassword(value), {
  code: "too_common",
  message: "This password is one of the first that anyone would try: choose another.",
  toJsonSchema: () => [{}, true]
})

export const Password = Schema.RedactedFromValue(
  Schema.String.check(notTooLong, notTooShort, wellFormed, notCommon).annotate({
    identifier: "Password",
    format: "password"
  })
)

export const PasswordAttempt = Schema.RedactedFromValue(
  Schema.String.check(notTooLong).annotate({ identifier: "PasswordAttempt", format: "password" })
)
