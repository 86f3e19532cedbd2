/**
 * The probes' contract. `/livez` touches nothing; `/health` says whether all that is required is well; the others
 * whether this node can usefully serve.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Checks } from "../../ops/errors.ts"
import { failsWith } from "../failsWith.ts"

const Alive = Schema.Struct({ status: Schema.Literal("ok") })
const Report = Schema.Struct({ status: Schema.Literals(["ok", "degraded"]), checks: Checks })
const probe = { success: Report, error: failsWith("NodeNotReady", "NodeDraining") }

export const HealthApi = HttpApiGroup.make("health")
  .add(HttpApiEndpoint.get("live", "/livez", { success: Alive }))
  .add(HttpApiEndpoint.get("ready", "/readyz", probe))
  .add(HttpApiEndpoint.get("readyAlias", "/ready", probe))
  .add(HttpApiEndpoint.get("startup", "/startupz", probe))
  .add(HttpApiEndpoint.get("health", "/health", probe))
