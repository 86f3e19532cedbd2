/** The operators' pages: what a browser asks for, and the forms that it sends. Not in the OpenAPI document. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { storable } from "../../../catalog/storable.ts"
import { failsWith } from "../../failsWith.ts"
import { QueueName, Reason } from "../letterSchemas.ts"

const html = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/html; charset=utf-8" }))
const text = Schema.String.check(Schema.isMaxLength(400), storable)
const form = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.Struct(fields).pipe(HttpApiSchema.asFormUrlEncoded())
const error = failsWith("ValidationFailed", "MalformedRequest", "Forbidden")

const changes = failsWith(
  "ValidationFailed",
  "MalformedRequest",
  "Forbidden",
  "SwitchTargetUnknown",
  "ReplayNotFound",
  "OrderNotFound",
  "DatabaseUnavailable",
  "QueryTimeout"
)
const wanted = {
  thing: Schema.Literals(["switch", "circuit", "queue", "letters", "order", "provider"]),
  name: QueueName,
  verb: text,
  code: Schema.optionalKey(text)
}
/** Empty: until somebody ends it. */
const Minutes = Schema.Literals(["", "15", "60", "480"])

export const PagesApi = HttpApiGroup.make("pages")
  .add(
    HttpApiEndpoint.get("page", "/ops", {
      query: { said: Schema.optionalKey(Schema.Literals(["done", "unavailable"])) },
      success: html,
      error
    })
  )
  .add(HttpApiEndpoint.get("stream", "/ops/api/stream", { success: html, error: failsWith("OperatorUnknown") }))
  .add(HttpApiEndpoint.get("asked", "/ops/change", { query: wanted, success: html, error: changes }))
  .add(
    HttpApiEndpoint.post("changed", "/ops/change", {
      payload: form({ ...wanted, csrf: text, reason: Reason, minutes: Schema.optionalKey(Minutes) }),
      success: html,
      error: changes
    })
  )
  .add(HttpApiEndpoint.get("lookUp", "/ops/look-up", { query: { id: text }, success: html, error }))
  .add(HttpApiEndpoint.get("runbook", "/ops/runbook", { success: html, error: failsWith("RouteNotFound") }))
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
