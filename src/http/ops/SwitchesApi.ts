/** Kill switches and circuits, as data. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { failsWith } from "../failsWith.ts"
import { Moment, QueueName, Reason } from "./letterSchemas.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"

const when = Schema.DateTimeUtcFromString
const kinds = Schema.Literals(["off", "forced_open", "disabled"])
const OrderShown = Schema.Struct({
  kind: kinds,
  actor: Schema.String,
  reason: Schema.String,
  since: when,
  expires_at: Schema.NullOr(when),
  persisted: Schema.Boolean
})

export const SwitchShown = Schema.Struct({
  name: Schema.String,
  of: Schema.Literals(["feature", "dependency"]),
  state: Schema.Literals(["on", "off"]),
  order: Schema.NullOr(OrderShown)
})

export const CircuitShown = Schema.Struct({
  name: Schema.String,
  state: Schema.String,
  since: when,
  retry_after_seconds: Schema.Int,
  switched_off: Schema.Boolean,
  orders: Schema.Array(OrderShown),
  in_flight: Schema.Int,
  limit: Schema.Number,
  calls: Schema.Int,
  failures: Schema.Int,
  retries: Schema.Int,
  rejections: Schema.Record(Schema.String, Schema.Int),
  outage_seconds: Schema.Number,
  last_error_type: Schema.NullOr(Schema.String)
})

const always = ["DatabaseUnavailable", "QueryTimeout", "ValidationFailed", "MalformedRequest"] as const
const changes = failsWith("Forbidden", "SwitchTargetUnknown", ...always)
const params = { name: QueueName }
const Ended = Schema.Struct({ reason: Reason })
const Ordered = Schema.Struct({ reason: Reason, expires_at: Schema.optionalKey(Moment) })
const listOf = <S extends Schema.Top>(item: S) => Schema.Struct({ data: Schema.Array(item) })

const switches = "/ops/api/kill-switches"
const ofSwitch = { params, success: SwitchShown, error: changes }
export const SwitchesApi = HttpApiGroup.make("switches")
  .add(HttpApiEndpoint.get("list", switches, { success: listOf(SwitchShown), error: failsWith(...always) }))
  .add(HttpApiEndpoint.post("off", `${switches}/:name/off`, { ...ofSwitch, payload: Ordered }))
  .add(HttpApiEndpoint.post("on", `${switches}/:name/on`, { ...ofSwitch, payload: Ended }))
  .middleware(OpsAuthorization)

const circuits = "/ops/api/circuits"
const ofCircuit = { params, success: listOf(CircuitShown), error: changes }
export const CircuitsApi = HttpApiGroup.make("circuits")
  .add(HttpApiEndpoint.get("list", circuits, { success: listOf(CircuitShown), error: failsWith(...always) }))
  .add(HttpApiEndpoint.post("forceOpen", `${circuits}/:name/force-open`, { ...ofCircuit, payload: Ordered }))
  .add(HttpApiEndpoint.post("disable", `${circuits}/:name/disable`, { ...ofCircuit, payload: Ordered }))
  .add(HttpApiEndpoint.post("reset", `${circuits}/:name/reset`, { ...ofCircuit, payload: Ended }))
  .middleware(OpsAuthorization)
