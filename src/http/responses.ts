/** Answers that are more than a body: a status that depends on the outcome, and headers. */
import { Effect, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Cursors, Position } from "./pages.ts"

/** An answer of the given shape. One that does not encode is a bug, and a 500. */
export const respond = <A, I>(
  schema: Schema.Codec<A, I>,
  value: A,
  options: { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.map(Effect.orDie(Schema.encodeEffect(schema)(value)), (body) => HttpServerResponse.jsonUnsafe(body, options))

/** 201, and where it is. */
export const created = <A, I>(schema: Schema.Codec<A, I>, value: A, location: string) =>
  respond(schema, value, { status: 201, headers: { location } })

/** The members of a list that say whether there is more. */
export const nextCursor = (cursors: Cursors["Service"], list: string, next: Position | undefined) => ({
  has_more: next !== undefined,
  next_cursor: next === undefined ? null : cursors.write(list, next)
})

/** The page behind this one, also as a Link (RFC 8288). */
export const linked =
  (path: string, limit: number, next: string | null) =>
  (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
    next === null
      ? response
      : HttpServerResponse.setHeader(response, "link", `<${path}?limit=${limit}&cursor=${next}>; rel="next"`)
