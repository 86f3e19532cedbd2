/**
 * Text that people type about themselves: surrounding space goes, and letters that can be written in two ways are
 * written in one (NFC). What is decoded is what is stored and shown; encoding changes nothing. The description is what
 * the API's document says of it.
 */
import { Schema, SchemaTransformation } from "effect"

export const text = (description: string) =>
  Schema.String.annotate({ description }).pipe(
    Schema.decodeTo(
      Schema.String,
      SchemaTransformation.transform<string, string>({
        decode: (typed) => typed.trim().normalize("NFC"),
        encode: (stored) => stored
      })
    )
  )
