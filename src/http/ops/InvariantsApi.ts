/** What must never be, as operators see it: how many rows break each invariant, which, and when it was last compared. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { OpsAuthorization } from "./OpsAuthorization.ts"

const InvariantShown = Schema.Struct({
  name: Schema.String,
  /** Absent, as is `checked_at`, as long as it was never compared. */
  count: Schema.optionalKey(Schema.Number),
  checked_at: Schema.optionalKey(Schema.DateTimeUtcFromString),
  witnesses: Schema.Tuple([Schema.String, Schema.String]),
  rows: Schema.Array(Schema.String)
})

export const InvariantsApi = HttpApiGroup.make("invariants")
  .add(
    HttpApiEndpoint.get("list", "/ops/api/invariants", {
      success: Schema.Struct({ data: Schema.Array(InvariantShown) })
    })
  )
  .middleware(OpsAuthorization)
