/** Faults of the providers on demand, as data. Not in the API's document: in production there is nothing at these paths. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { faultModes, providers } from "../../ops/ProviderFaults.ts"
import { failsWith } from "../failsWith.ts"
import { Reason } from "./letterSchemas.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"

const between = (minimum: number, maximum: number) =>
  Schema.Int.check(
    Schema.isBetween({ minimum, maximum }, { code: "out_of_range", message: `From ${minimum} to ${maximum}.` })
  )

const fault = {
  provider: Schema.Literals(providers),
  mode: Schema.Literals([...faultModes.before, ...faultModes.during, ...faultModes.after]),
  times: Schema.optionalKey(between(1, 1_000_000)),
  share: Schema.optionalKey(
    Schema.Finite.check(
      Schema.isBetween({ minimum: 0, maximum: 1 }, { code: "out_of_range", message: "A share is 0 to 1." })
    )
  ),
  ms: Schema.optionalKey(between(0, 600_000)),
  status: Schema.optionalKey(between(400, 599)),
  retry_after_seconds: Schema.optionalKey(between(0, 86_400)),
  retry_after_form: Schema.optionalKey(Schema.Literals(["seconds", "date"])),
  code: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^[a-z_]{1,64}$/, { code: "invalid_format", message: "A code is small letters and _." })
    )
  )
}
const Striking = Schema.Struct({ data: Schema.Array(Schema.Struct({ ...fault, struck: Schema.Int })) })

const changes = failsWith(
  "RouteNotFound",
  "Forbidden",
  "DatabaseUnavailable",
  "QueryTimeout",
  "ValidationFailed",
  "MalformedRequest"
)
const path = "/ops/api/faults"

export const FaultsApi = HttpApiGroup.make("faults")
  .add(HttpApiEndpoint.get("list", path, { success: Striking, error: failsWith("RouteNotFound") }))
  .add(
    HttpApiEndpoint.post("add", path, {
      payload: Schema.Struct({ ...fault, reason: Reason }),
      success: Striking.pipe(HttpApiSchema.status(201)),
      error: changes
    })
  )
  .add(
    HttpApiEndpoint.post("clear", `${path}/clear`, {
      payload: Schema.Struct({ provider: Schema.optionalKey(Schema.Literals(providers)), reason: Reason }),
      success: Striking,
      error: changes
    })
  )
  .annotate(OpenApi.Exclude, true)
  .middleware(OpsAuthorization)
