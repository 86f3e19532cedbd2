/** Where the API explains itself: its document, a page of it, and the meaning of every problem. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { failsWith } from "../failsWith.ts"
import { Problem, Retry } from "../Problem.ts"

/** A code of a problem, as data. */
export const ProblemType = Schema.Struct({
  type: Schema.String,
  code: Schema.String,
  status: Schema.Int,
  title: Schema.String,
  retry: Retry,
  /** What `retry` means, in words. */
  repeat: Schema.String,
  /** What may have happened, each with what to do. */
  reasons: Schema.Array(Schema.String),
  example: Problem
}).annotate({ identifier: "ProblemType" })
export type ProblemType = typeof ProblemType.Type
export const ProblemTypes = Schema.Struct({ data: Schema.Array(ProblemType) })

const Page = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/html" }))

export const DocumentationApi = HttpApiGroup.make("documentation")
  .add(HttpApiEndpoint.get("document", "/openapi.json", { success: Schema.Record(Schema.String, Schema.Unknown) }))
  .add(HttpApiEndpoint.get("page", "/docs", { success: Page }).annotate(OpenApi.Exclude, true))
  .add(
    HttpApiEndpoint.get("problems", "/problems", {
      success: [ProblemTypes, Page]
    })
  )
  .add(
    HttpApiEndpoint.get("problem", "/problems/:code", {
      params: { code: Schema.String },
      success: [ProblemType, Page],
      error: failsWith("RouteNotFound")
    })
  )
