/** `/metrics`, where Prometheus looks for it: behind an operator's token, like everything on this port. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { scrapeContentType } from "../../telemetry/scrape.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"

export const MetricsApi = HttpApiGroup.make("metrics")
  .add(
    HttpApiEndpoint.get("scrape", "/metrics", {
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: scrapeContentType }))
    })
  )
  .middleware(OpsAuthorization)
