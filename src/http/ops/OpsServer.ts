/**
 * The operators' server: the same boundary and table as the API's, on a listener of its own.
 *
 * Its routes and the API's are built apart, so neither port knows anything of the other's.
 */
import { ByteSize, Context, Layer } from "effect"
import { HttpIncomingMessage } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Admission } from "../Admission.ts"
import { boundary, errorRendering } from "../Boundary.ts"
import { Deadlines } from "../Deadlines.ts"
import { bodyLimitBytes } from "../limits.ts"
import { Cursors } from "../pages.ts"
import { RateLimits } from "../RateLimits.ts"
import { RequestId } from "../RequestId.ts"
import { Routes } from "../Routes.ts"
import { servedAlone } from "../Server.ts"
import { OpsApi } from "./OpsApi.ts"
import { opsHandlers } from "./OpsHandlers.ts"

/** Where the operators' API listens. */
export class OpsUrl extends Context.Service<OpsUrl, string>()("holdfast/http/OpsUrl") {}

const routes = HttpApiBuilder.layer(OpsApi, { openapiPath: "/openapi.json" }).pipe(
  Layer.provide(opsHandlers),
  Layer.provide(boundary),
  Layer.provide([
    Admission.layerOpen,
    Cursors.layer,
    Deadlines.layerNone,
    RateLimits.layerOff,
    errorRendering,
    RequestId.layer,
    Routes.layerOf(OpsApi)
  ]),
  Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(bodyLimitBytes)))
)

/** Serves the operators' API on whatever `HttpServer` there is. */
export const opsApi = servedAlone(routes)
