/** `GET /panic`: a defect on demand, to show that the server survives it. In production there is nothing here. */
import { Context, Effect, Schema } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { failsWith } from "./failsWith.ts"

/** Only outside of production. */
export const DefectsOnDemand = Context.Reference<boolean>("holdfast/http/DefectsOnDemand", {
  defaultValue: () => false
})

export const PanicApi = HttpApiGroup.make("panic")
  .add(HttpApiEndpoint.get("panic", "/panic", { success: Schema.Void, error: failsWith("RouteNotFound") }))
  .annotate(OpenApi.Exclude, true)

/** As careless code dies, with the request in its words. Outside it is a constant 500; the log is to know better. */
export const panic = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, url }) =>
  Effect.die(
    new Error(`a defect, as it was asked for with ${url}`, {
      cause: new Error(`authorization: ${headers["authorization"]}`)
    })
  )
)
