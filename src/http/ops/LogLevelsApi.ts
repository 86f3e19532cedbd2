/** How much each part of this node says, as data. The answer to a change is what is in force after it, on this node. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { type Level, modules } from "../../telemetry/LogLevels.ts"
import { failsWith } from "../failsWith.ts"
import { Reason } from "./letterSchemas.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"

const when = Schema.DateTimeUtcFromString
const module = Schema.Literals(modules)
const names = ["trace", "debug", "info", "warn", "error", "fatal"] as const satisfies ReadonlyArray<Level>
const level = Schema.Literals(names)

const Shown = Schema.Struct({
  default: level,
  data: Schema.Array(
    Schema.Struct({
      module,
      level,
      actor: Schema.NullOr(Schema.String),
      reason: Schema.NullOr(Schema.String),
      since: Schema.NullOr(when),
      expires_at: Schema.NullOr(when)
    })
  )
})

const path = "/ops/api/log-levels"
const changes = failsWith("Forbidden", "ValidationFailed", "MalformedRequest")

export const LogLevelsApi = HttpApiGroup.make("logLevels")
  .add(HttpApiEndpoint.get("list", path, { success: Shown }))
  .add(
    HttpApiEndpoint.post("set", path, {
      payload: Schema.Struct({ module, level, reason: Reason, expires_at: when }),
      success: Shown,
      error: changes
    })
  )
  .add(
    HttpApiEndpoint.post("reset", `${path}/reset`, {
      payload: Schema.Struct({ module, reason: Reason }),
      success: Shown,
      error: changes
    })
  )
  .middleware(OpsAuthorization)
