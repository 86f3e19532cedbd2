/** How it is, in one sentence; what operators changed last; and both as they change, as data. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { failsWith } from "../failsWith.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"
import { runbookPages } from "./page/sections/verdict.ts"

const when = Schema.DateTimeUtcFromString

const FactShown = Schema.Struct({
  weight: Schema.Literals(["bad", "warn"]),
  what: Schema.String,
  /** Of the runbook. */
  page: Schema.NullOr(Schema.Literals(runbookPages))
})

export const StatusShown = Schema.Struct({
  verdict: Schema.Literals(["good", "warn", "bad"]),
  sentence: Schema.String,
  facts: Schema.Array(FactShown),
  /** This node's circuits, by name. */
  circuits: Schema.Record(Schema.String, Schema.String),
  /** Null when they could not be read since this node started. */
  dead_letters: Schema.NullOr(Schema.Int),
  as_of: when
})

const AuditedShown = Schema.Struct({
  at: when,
  actor: Schema.String,
  action: Schema.String,
  target: Schema.String,
  reason: Schema.String
})

/** Events, each of them a status: the first at once, then one for every change. */
const events = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/event-stream" }))

export const OpsStatusApi = HttpApiGroup.make("status")
  .add(HttpApiEndpoint.get("status", "/ops/api/status", { success: StatusShown }))
  .add(
    HttpApiEndpoint.get("audit", "/ops/api/audit", {
      success: Schema.Struct({ data: Schema.Array(AuditedShown) }),
      error: failsWith("DatabaseUnavailable", "QueryTimeout")
    })
  )
  .add(HttpApiEndpoint.get("tail", "/ops/api/tail", { success: events }).annotate(OpenApi.Exclude, true))
  .middleware(OpsAuthorization)
