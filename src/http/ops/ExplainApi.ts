/** What became of something, why, and what happens to it next, as operators ask for it: by any id that they have. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Explanation } from "../../ops/explain/Explanation.ts"
import { failsWith } from "../failsWith.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"

const AnyId = Schema.String.check(
  Schema.isPattern(/^[\x21-\x7e]{1,255}$/, {
    code: "invalid_format",
    message: "An id is 1 to 255 visible ASCII characters."
  })
)

export const ExplainApi = HttpApiGroup.make("explain")
  .add(
    HttpApiEndpoint.get("explain", "/ops/api/explain", {
      query: { id: AnyId },
      success: Explanation,
      error: failsWith("NothingKnown", "DatabaseUnavailable", "QueryTimeout", "ValidationFailed", "MalformedRequest")
    })
  )
  .middleware(OpsAuthorization)
