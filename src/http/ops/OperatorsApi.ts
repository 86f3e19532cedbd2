/** Accounts with the operator's role, as data: the role that refunds on the API's own port ask for. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Role, UserId } from "../../users/User.ts"
import { failsWith } from "../failsWith.ts"
import { Change } from "./letterSchemas.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"

const given = {
  params: { user_id: UserId },
  payload: Change,
  success: Schema.Struct({ user_id: UserId, role: Role }),
  error: failsWith(
    "Forbidden",
    "UserNotFound",
    "DatabaseUnavailable",
    "QueryTimeout",
    "ValidationFailed",
    "MalformedRequest"
  )
}

export const OperatorsApi = HttpApiGroup.make("operators")
  .add(HttpApiEndpoint.post("add", "/ops/api/operators/:user_id/add", given))
  .add(HttpApiEndpoint.post("remove", "/ops/api/operators/:user_id/remove", given))
  .middleware(OpsAuthorization)
