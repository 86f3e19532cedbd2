/**
 * The sandbox's own controls, which no real provider has: faults on demand, the ledger, the traffic seen.
 *
 * A change must come as `application/json`: a page in somebody's browser cannot send that to this machine unasked.
 */
import { Effect, Layer, Schema } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Fault } from "./fault.ts"
import { Faults } from "./Faults.ts"
import { Book } from "./payments/Book.ts"

const badRequest = HttpServerResponse.jsonUnsafe(
  { error: 'expected application/json: a fault {mode, path?, times?, ms?, …}, or {mode: "none"}' },
  { status: 400 }
)
const FaultOrNone = Schema.Union([
  Fault,
  Schema.Struct({ mode: Schema.Literal("none"), path: Schema.optionalKey(Schema.String) })
])

export const controlRoutes = Layer.mergeAll(
  HttpRouter.add(
    "GET",
    "/_sandbox/ledger",
    Effect.gen(function* () {
      const book = yield* Book
      const { searchParams } = new URL((yield* HttpServerRequest.HttpServerRequest).url, "http://sandbox")
      const order = searchParams.get("order_id")
      const { ledger } = yield* book.read
      return HttpServerResponse.jsonUnsafe({
        data: order === null ? ledger : ledger.filter((entry) => entry.order_id === order)
      })
    })
  ),
  HttpRouter.add(
    "GET",
    "/_sandbox/faults",
    Effect.gen(function* () {
      const faults = yield* Faults
      const active = yield* faults.active
      return HttpServerResponse.jsonUnsafe({
        data: active,
        traffic: yield* faults.traffic
      })
    })
  ),
  HttpRouter.add(
    "POST",
    "/_sandbox/faults",
    Effect.gen(function* () {
      const faults = yield* Faults
      const request = yield* HttpServerRequest.HttpServerRequest
      if (request.headers["content-type"]?.startsWith("application/json") !== true) return badRequest
      const asked = yield* request.json.pipe(
        Effect.flatMap(Schema.decodeUnknownEffect(FaultOrNone, { onExcessProperty: "error" }))
      )
      yield* asked.mode === "none" ? faults.clear(asked.path) : faults.add(asked)
      return HttpServerResponse.jsonUnsafe({ data: asked }, { status: 201 })
    }).pipe(Effect.catchTag(["SchemaError", "HttpServerError"], () => Effect.succeed(badRequest)))
  )
)
