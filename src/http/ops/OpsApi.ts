/** The operators' API as data: on a port of its own, every route behind an operator's token. */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ErrorRendering } from "../ErrorRendering.ts"
import { pageOf } from "../pages.ts"
import { parseOptions, payloadParseOptions } from "../parsing.ts"
import { failsWith } from "../failsWith.ts"
import * as Shown from "./letterSchemas.ts"
import { readable } from "./document.ts"
import { CatalogueApi } from "./CatalogueApi.ts"
import { ExplainApi } from "./ExplainApi.ts"
import { FaultsApi } from "./FaultsApi.ts"
import { InvariantsApi } from "./InvariantsApi.ts"
import { LogLevelsApi } from "./LogLevelsApi.ts"
import { MetricsApi } from "./MetricsApi.ts"
import { OperatorsApi } from "./OperatorsApi.ts"
import { OpsAuthorization } from "./OpsAuthorization.ts"
import { OpsOrdersApi } from "./OpsOrdersApi.ts"
import { OpsStatusApi } from "./OpsStatusApi.ts"
import { PagesApi } from "./page/PagesApi.ts"
import { CircuitsApi, SwitchesApi } from "./SwitchesApi.ts"

const always = ["DatabaseUnavailable", "QueryTimeout", "ValidationFailed", "MalformedRequest"] as const
const letters = "/ops/api/dead-letters"
const listOf = <S extends Schema.Top>(item: S) => Schema.Struct({ data: Schema.Array(item) })
const params = { id: Shown.LetterId }
const reads = failsWith(...always)
const changes = failsWith("Forbidden", ...always)
const begins = failsWith("Forbidden", "ReplayNotFound", ...always)

const DeadLettersApi = HttpApiGroup.make("deadLetters")
  .add(
    HttpApiEndpoint.get("list", letters, {
      query: Shown.LetterPageQuery,
      success: pageOf(Shown.LetterShown),
      error: reads
    })
  )
  .add(
    HttpApiEndpoint.get("groups", `${letters}/groups`, {
      query: Shown.LetterQuery,
      success: listOf(Shown.GroupShown),
      error: reads
    })
  )
  .add(
    HttpApiEndpoint.get("preview", `${letters}/preview`, {
      query: { ...Shown.LetterQuery, id: Schema.optionalKey(Shown.LetterId) },
      success: Shown.PreviewShown,
      error: reads
    })
  )
  .add(
    HttpApiEndpoint.get("show", `${letters}/:id`, {
      params,
      success: Shown.LetterDetailShown,
      error: failsWith("DeadLetterNotFound", ...always)
    })
  )
  .add(
    HttpApiEndpoint.post("replayOne", `${letters}/:id/replay`, {
      params,
      payload: Shown.ReplayOne,
      success: Shown.ReplayShown.pipe(HttpApiSchema.status(202)),
      error: begins
    })
  )
  .add(
    HttpApiEndpoint.post("replayMany", `${letters}/replay`, {
      payload: Shown.ReplayMany,
      success: Shown.ReplayShown.pipe(HttpApiSchema.status(202)),
      error: begins
    })
  )
  .add(
    HttpApiEndpoint.post("discardOne", `${letters}/:id/discard`, {
      params,
      payload: Shown.Change,
      success: Shown.Discarded,
      error: changes
    })
  )
  .add(
    HttpApiEndpoint.post("discardMany", `${letters}/discard`, {
      payload: Shown.DiscardMany,
      success: Shown.Discarded,
      error: changes
    })
  )
  .add(
    HttpApiEndpoint.get("replay", "/ops/api/replays/:id", {
      params,
      success: Shown.ReplayShown,
      error: failsWith("ReplayNotFound", ...always)
    })
  )
  .middleware(OpsAuthorization)

const QueuesApi = HttpApiGroup.make("queues")
  .add(HttpApiEndpoint.get("list", "/ops/api/queues", { success: listOf(Shown.QueueShown), error: reads }))
  .add(
    HttpApiEndpoint.post("pause", "/ops/api/queues/:name/pause", {
      params: { name: Shown.QueueName },
      payload: Shown.Change,
      success: listOf(Shown.QueueShown),
      error: changes
    })
  )
  .add(
    HttpApiEndpoint.post("resume", "/ops/api/queues/:name/resume", {
      params: { name: Shown.QueueName },
      payload: Shown.Change,
      success: listOf(Shown.QueueShown),
      error: changes
    })
  )
  .middleware(OpsAuthorization)

export const OpsApi = HttpApi.make("holdfast-ops")
  .add(DeadLettersApi)
  .add(QueuesApi)
  .add(OperatorsApi)
  .add(SwitchesApi)
  .add(CircuitsApi)
  .add(OpsOrdersApi)
  .add(InvariantsApi)
  .add(ExplainApi)
  .add(OpsStatusApi)
  .add(CatalogueApi)
  .add(FaultsApi)
  .add(LogLevelsApi)
  .add(PagesApi)
  .add(MetricsApi)
  .annotate(HttpApi.ParseOptions, parseOptions)
  .annotate(HttpApi.PayloadParseOptions, payloadParseOptions)
  .annotateMerge(
    OpenApi.annotations({
      title: "Holdfast, for operators",
      version: "1",
      license: { name: "MIT", identifier: "MIT" },
      transform: readable
    })
  )
  .middleware(ErrorRendering)
