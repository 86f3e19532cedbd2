/** The API as data: every group of routes, how its requests are decoded, and the boundary around each endpoint. */
import { HttpApi, OpenApi } from "effect/http-api"
import { CatalogApi } from "./catalog/CatalogApi.ts"
import { DeferredApi } from "./deferred/DeferredApi.ts"
import { DocumentationApi } from "./documentation/DocumentationApi.ts"
import { ErrorRendering } from "./ErrorRendering.ts"
import { HealthApi } from "./ops/HealthApi.ts"
import { OrdersApi } from "./orders/OrdersApi.ts"
import { PanicApi } from "./PanicApi.ts"
import { RecommendationsApi } from "./recommendations/RecommendationsApi.ts"
import { parseOptions, payloadParseOptions } from "./parsing.ts"
import { StatusApi } from "./status/StatusApi.ts"
import { SessionsApi, UsersApi } from "./users/UsersApi.ts"
import { WebhooksApi } from "./webhooks/WebhooksApi.ts"

export const Api = HttpApi.make("holdfast")
  .add(UsersApi)
  .add(SessionsApi)
  .add(CatalogApi)
  .add(RecommendationsApi)
  .add(OrdersApi)
  .add(DeferredApi)
  .add(WebhooksApi)
  .add(StatusApi)
  .add(HealthApi)
  .add(DocumentationApi)
  .add(PanicApi)
  .annotate(HttpApi.ParseOptions, parseOptions)
  .annotate(HttpApi.PayloadParseOptions, payloadParseOptions)
  .annotateMerge(OpenApi.annotations({ title: "Holdfast" }))
  .middleware(ErrorRendering)
