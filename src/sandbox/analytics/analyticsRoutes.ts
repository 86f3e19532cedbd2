/**
 * The fake counter of events, each request under the fault that strikes it: it knows an event by its id, and counts it
 * once. In memory: who counts for fun does not keep books.
 */
import { ByteSize, Context, Effect, Layer, Schema } from "effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { BatchBody, type EventBody } from "../../dependencies/analytics/wire.ts"
import type { Answer } from "../answer.ts"
import { Faults } from "../Faults.ts"
import { type During, underFault } from "../underFault.ts"

const largestBatch = ByteSize.fromInputUnsafe("1 MiB")
/** More than a long evening of trying things out brings. */
const mostKept = 100_000

export class Counted extends Context.Service<Counted, Map<string, EventBody>>()("holdfast/sandbox/analytics/Counted") {
  static readonly layer = Layer.sync(Counted, () => new Map())
}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(BatchBody))

const count = (counted: Counted["Service"], body: string): Answer => {
  const batch = decode(body)
  if (batch._tag === "None") return { status: 400, body: { code: "invalid_request" }, headers: {} }
  for (const event of batch.value.events) if (counted.size < mostKept) counted.set(event.id, event)
  return { status: 202, body: { taken: batch.value.events.length }, headers: {} }
}

export const analyticsRoutes = Layer.mergeAll(
  HttpRouter.add(
    "POST",
    "/analytics/events",
    Effect.gen(function* () {
      const faults = yield* Faults
      const counted = yield* Counted
      const request = yield* HttpServerRequest.HttpServerRequest
      const body = yield* request.text
      const fault = yield* faults.strike("POST", request.url)
      const run = ({ slow }: During) =>
        Effect.andThen(
          slow,
          Effect.sync(() => count(counted, body))
        )
      return yield* faults.counted(underFault(fault, request, run))
    }).pipe(
      Effect.catchTag("HttpServerError", () => Effect.succeed(HttpServerResponse.empty({ status: 400 }))),
      Effect.provideService(HttpIncomingMessage.MaxBodySize, largestBatch)
    )
  ),
  HttpRouter.add(
    "GET",
    "/_sandbox/analytics",
    Effect.map(Counted, (counted) => {
      const names: Record<string, number> = {}
      for (const { name } of counted.values()) names[name] = (names[name] ?? 0) + 1
      return HttpServerResponse.jsonUnsafe({ data: names })
    })
  )
)
