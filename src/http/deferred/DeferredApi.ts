/** The contract of deferred writes: what becomes of what was taken while the database was down. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { DeferredId } from "../../jobs/spool/Deferred.ts"
import { failsWith } from "../failsWith.ts"
import { Problem } from "../Problem.ts"

export const Deferred = Schema.Struct({
  id: DeferredId,
  status: Schema.Literals(["waiting", "applied", "failed"]),
  /** What it became. */
  resource: Schema.optionalKey(Schema.String),
  quotedTotal: Schema.optionalKey(Schema.Struct({ amount: Schema.Int, currency: Schema.String })),
  /** Why it became nothing. */
  problem: Schema.optionalKey(Problem),
  acceptUntil: Schema.DateTimeUtcFromString
}).pipe(
  Schema.encodeKeys({ quotedTotal: "quoted_total", acceptUntil: "accept_until" }),
  Schema.annotate({ identifier: "Deferred" })
)
export type Deferred = typeof Deferred.Type

export const DeferredApi = HttpApiGroup.make("deferred").add(
  /** An order's is for its account; a sign up's is for whoever has its id. */
  HttpApiEndpoint.get("get", "/v1/deferred/:id", {
    params: { id: DeferredId },
    success: Deferred,
    error: failsWith(
      "DeferredNotFound",
      "DeferredElsewhere",
      "Unauthenticated",
      "DatabaseUnavailable",
      "QueryTimeout",
      "ValidationFailed"
    )
  })
)
