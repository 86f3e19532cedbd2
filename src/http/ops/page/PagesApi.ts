/** The operators' pages: what a browser asks for, and the forms that it sends. Not in the OpenAPI document. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { failsWith } from "../../failsWith.ts"

const html = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/html; charset=utf-8" }))
const text = Schema.String.check(Schema.isMaxLength(400))
const form = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.Struct(fields).pipe(HttpApiSchema.asFormUrlEncoded())
const error = failsWith("ValidationFailed", "MalformedRequest", "Forbidden")

export const PagesApi = HttpApiGroup.make("pages")
  .add(HttpApiEndpoint.get("page", "/ops", { success: html }))
  .add(
    HttpApiEndpoint.get("signInForm", "/ops/login", {
      query: { code: Schema.optionalKey(text), refused: Schema.optionalKey(Schema.Literals(["token", "link"])) },
      success: html,
      error
    })
  )
  .add(HttpApiEndpoint.post("signIn", "/ops/login", { payload: form({ token: text }), success: html, error }))
  .add(HttpApiEndpoint.post("signOut", "/ops/logout", { payload: form({ csrf: text }), success: html, error }))
  .annotate(OpenApi.Exclude, true)
