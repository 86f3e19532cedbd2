/** What PostgreSQL can store as text: NUL and half a surrogate pair are in no table. */
import { Schema } from "effect"

export const storable = Schema.isPattern(/^[^\0\p{Cs}]*$/u, {
  code: "invalid_characters",
  message: "This is made of whole characters, none of them NUL."
})
