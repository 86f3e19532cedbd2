/** The contract of the shop front's status: what is degraded at this moment, and what to show. Public, and from memory. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

const when = Schema.DateTimeUtcFromString

export const NoticeShown = Schema.Struct({
  feature: Schema.String,
  mode: Schema.Literals(["off", "unavailable", "deferred", "delayed", "last_good", "local"]),
  since: when,
  /** When a switch ends by itself. */
  until: Schema.optionalKey(when),
  /** For a shopper, in English. */
  message: Schema.String
}).annotate({ identifier: "Notice" })

export const StatusShown = Schema.Struct({
  status: Schema.Literals(["ok", "degraded"]),
  degraded: Schema.Array(NoticeShown),
  checkedAt: when
}).pipe(Schema.encodeKeys({ checkedAt: "checked_at" }))

export const StatusApi = HttpApiGroup.make("status").add(
  HttpApiEndpoint.get("status", "/v1/status", { success: StatusShown })
)
