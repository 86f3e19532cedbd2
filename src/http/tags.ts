/**
 * Weak ETags for what shoppers look at (RFC 9110, 13.1.2): who has it already is told so, and not sent it again.
 *
 * Only the live answer has one. They say nothing about versions, and are for If-None-Match alone.
 */
import { Effect, Schema } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { hash } from "node:crypto"

/** Of a text, as short as it can be without two texts ever meeting by chance. */
const tagOf = (text: string): string => `W/"${hash("sha256", text, "base64url").slice(0, 22)}"`

/** Whether one of the listed tags is this one, compared weakly. */
const names = (ifNoneMatch: string, tag: string): boolean =>
  ifNoneMatch.trim() === "*" ||
  ifNoneMatch.split(",").some((one) => one.trim().replace(/^W\//, "") === tag.replace(/^W\//, ""))

/** 200 with the value and its tag, or 304 for who names that tag. */
export const respondTagged = <A, I>(
  schema: Schema.Codec<A, I>,
  value: A,
  more: Readonly<Record<string, string>> = {}
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const text = JSON.stringify(yield* Effect.orDie(Schema.encodeEffect(schema)(value)))
    const headers = { ...more, etag: tagOf(text) }
    return names(request.headers["if-none-match"] ?? "", headers.etag)
      ? HttpServerResponse.empty({ status: 304, headers })
      : HttpServerResponse.text(text, { status: 200, contentType: "application/json", headers })
  })
