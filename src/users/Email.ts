/**
 * An email address as its owner wrote it, without surrounding space and in one Unicode form (NFC).
 *
 * Each check has a machine code in its annotation `code` and a message that never repeats the input; the first that
 * fails ends it. Two spellings of one address differ only by `normalizeEmail`, which is what the table's unique
 * constraint holds. The format is a sieve for typing errors, not RFC 5322: quoted local parts, comments and bare hosts
 * are refused.
 */
import { Schema } from "effect"
import { text } from "./text.ts"

/** RFC 5321, erratum 1690: nothing longer can be delivered to. */
const maxLength = 254

// No space, no control, nothing that needs quoting; no dot at an end or beside another.
const localPart = /^(?!\.)(?!.*\.\.)[^\p{C}\p{Z}@"(),:;<>[\\\]]{1,64}(?<!\.)$/u
// Two labels or more, none ending in a hyphen; the last is no number and longer than one character.
const label = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]{0,61}[\p{L}\p{N}\p{M}])`
const domain = new RegExp(`^(?:${label}?\\.)+(?!\\p{N}+$)${label}$`, "u")

const isAddress = (value: string): boolean => {
  const at = value.lastIndexOf("@")
  return at > 0 && localPart.test(value.slice(0, at)) && domain.test(value.slice(at + 1))
}

export const Email = text(`An email address of at most ${maxLength} characters.`).pipe(
  Schema.check(
    Schema.isMaxCodePoints(maxLength, {
      code: "too_long",
      message: `An email address has at most ${maxLength} characters.`
    }).abort(),
    Schema.makeFilter(isAddress, {
      code: "invalid_format",
      message: "This is not an email address."
    })
  ),
  Schema.brand("Email"),
  Schema.annotate({ identifier: "Email" })
)
export type Email = typeof Email.Type

/** The same for every spelling of one address: letter case, Unicode form and surrounding space do not count. */
export const normalizeEmail = (email: string): string => email.trim().normalize("NFC").toLowerCase().normalize("NFC")
