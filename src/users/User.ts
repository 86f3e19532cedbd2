/**
 * A person with an account: ids, the name that they go by, and the public shape that the door answers with (snake_case
 * when encoded).
 *
 * Checks carry a machine code in their annotation `code`; a field reports the first that fails, never its input.
 * `User` does not check its texts again: a rule made stricter later must not make an old account unreadable.
 */
import type { DateTime } from "effect"
import { Schema } from "effect"
import { text } from "./text.ts"

export const UserId = Schema.String.check(
  Schema.isPattern(/^usr_[0-9A-Za-z_-]{1,60}$/, { code: "invalid_format", message: "This is not the id of a user." })
).pipe(Schema.brand("UserId"))
export type UserId = typeof UserId.Type

export const SessionId = Schema.String.check(
  Schema.isPattern(/^ses_[0-9A-Za-z_-]{1,60}$/, { code: "invalid_format", message: "This is not the id of a session." })
).pipe(Schema.brand("SessionId"))
export type SessionId = typeof SessionId.Type

export const Role = Schema.Literals(["customer", "operator"])
export type Role = typeof Role.Type

const nameLength = { minimum: 2, maximum: 100 }
// Controls, lone surrogates, private and unassigned characters, line separators, and the marks that turn the direction
// of text.
const unprintable = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u

/** 2 to 100 characters (code points), surrounding space not counted. */
export const Name = text(`A name of ${nameLength.minimum} to ${nameLength.maximum} characters.`).pipe(
  Schema.check(
    Schema.isMinCodePoints(nameLength.minimum, {
      code: "too_short",
      message: `A name has at least ${nameLength.minimum} characters.`
    }).abort(),
    Schema.isMaxCodePoints(nameLength.maximum, {
      code: "too_long",
      message: `A name has at most ${nameLength.maximum} characters.`
    }).abort(),
    Schema.makeFilter((value: string) => !unprintable.test(value), {
      code: "invalid_characters",
      message: "A name has no control characters."
    })
  ),
  Schema.annotate({ identifier: "Name" })
)

export const User = Schema.Struct({
  id: UserId,
  email: Schema.String,
  name: Schema.String,
  createdAt: Schema.DateTimeUtcFromString
}).pipe(Schema.encodeKeys({ createdAt: "created_at" }), Schema.annotate({ identifier: "User" }))
export type User = typeof User.Type

/** Where a page ended: the last user on it. The next one begins behind it, newest first. */
export interface UserCursor {
  readonly createdAt: DateTime.Utc
  readonly id: UserId
}
