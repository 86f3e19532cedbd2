/** The stock keeper's contract (docs/inventory.md) under `/inventory`, each request under the fault that strikes it. */
import { ByteSize, Effect, Layer, Option, Schema } from "effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Moved } from "../../dependencies/inventory/shelves.ts"
import { LineBody, type RefusalBody } from "../../dependencies/inventory/wire.ts"
import type { Answer } from "../answer.ts"
import { Faults } from "../Faults.ts"
import { underFault } from "../underFault.ts"
import { type Step, Warehouse } from "./Warehouse.ts"

/** An order has 50 lines at most: under 4 KiB. */
const largestBody = ByteSize.fromInputUnsafe("64 KiB")

const ok = (body: unknown): Answer => ({ status: 200, body, headers: {} })
const refused = (status: number, body: RefusalBody): Answer => ({ status, body, headers: {} })
const invalid = refused(400, { code: "invalid_request" })

const decodeLines = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ lines: Schema.NonEmptyArray(LineBody) }))
)
const Receipt = Schema.Union([
  Schema.Struct({ sku: Schema.String, received: Schema.Int }),
  Schema.Struct({ expire: Schema.String })
])

const answerOf = (orderId: string, moved: Moved): Answer => {
  switch (moved._tag) {
    case "Stands": {
      const { expiresAtMillis, state } = moved.kept
      const expires_at = expiresAtMillis === undefined ? null : new Date(expiresAtMillis).toISOString()
      return ok({ order_id: orderId, state, expires_at })
    }
    case "Short":
      return refused(409, { code: "insufficient_stock", shortages: moved.shortages })
    case "Lost":
      return refused(409, { code: "lost" })
    case "Ended":
      return refused(409, { code: "ended", state: moved.outcome })
    case "OtherLines":
      return refused(409, { code: "other_lines" })
  }
}

type Method = "GET" | "PUT" | "POST"
type Perform = (warehouse: Warehouse["Service"], name: string, body: string) => Effect.Effect<Answer>

const route = (method: Method, path: `/${string}`, perform: Perform) =>
  HttpRouter.add(
    method,
    path,
    Effect.gen(function* () {
      const faults = yield* Faults
      const warehouse = yield* Warehouse
      const request = yield* HttpServerRequest.HttpServerRequest
      const { name = "" } = yield* HttpRouter.params
      const body = method === "GET" ? "" : yield* request.text
      const fault = yield* faults.strike(method, request.url)
      const run = ({ slow }: { readonly slow: Effect.Effect<void> }) =>
        Effect.andThen(slow, perform(warehouse, name, body))
      return yield* faults.counted(underFault(fault, request, run))
    }).pipe(
      Effect.catchTag("HttpServerError", () => Effect.succeed(HttpServerResponse.empty({ status: 400 }))),
      Effect.provideService(HttpIncomingMessage.MaxBodySize, largestBody)
    )
  )

const moving = (op: Extract<Step["op"], "hold" | "commit" | "release" | "restock">) =>
  route("POST", `/inventory/reservations/:name/${op}`, (warehouse, order_id) =>
    Effect.map(warehouse.move({ op, order_id }), (moved) => answerOf(order_id, moved))
  )

const control = HttpRouter.add(
  "POST",
  "/_sandbox/inventory",
  Effect.gen(function* () {
    const warehouse = yield* Warehouse
    const request = yield* HttpServerRequest.HttpServerRequest
    const json = request.headers["content-type"]?.startsWith("application/json") === true
    const asked = yield* Schema.decodeUnknownEffect(Receipt, { onExcessProperty: "error" })(yield* request.json)
    if (!json) return HttpServerResponse.empty({ status: 400 })
    yield* warehouse.move("expire" in asked ? { op: "expire", order_id: asked.expire } : { op: "receive", ...asked })
    return HttpServerResponse.jsonUnsafe({ data: asked }, { status: 201 })
  }).pipe(
    Effect.catchTag(["SchemaError", "HttpServerError"], () => Effect.succeed(HttpServerResponse.empty({ status: 400 })))
  )
)

export const inventoryRoutes = Layer.mergeAll(
  route("GET", "/inventory/stock/:name", (warehouse, sku) =>
    Effect.map(warehouse.available(sku), (available) =>
      available === undefined ? refused(404, { code: "unknown_sku" }) : ok({ sku, available })
    )
  ),
  route("PUT", "/inventory/reservations/:name", (warehouse, order_id, body) =>
    Option.match(decodeLines(body), {
      onNone: () => Effect.succeed(invalid),
      onSome: ({ lines }) =>
        new Set(lines.map(({ sku }) => sku)).size < lines.length
          ? Effect.succeed(invalid)
          : Effect.map(warehouse.move({ op: "reserve", order_id, lines }), (moved) => answerOf(order_id, moved))
    })
  ),
  moving("hold"),
  moving("commit"),
  moving("release"),
  moving("restock"),
  control,
  HttpRouter.add(
    "GET",
    "/_sandbox/inventory/:name",
    Effect.gen(function* () {
      const warehouse = yield* Warehouse
      const { name = "" } = yield* HttpRouter.params
      return HttpServerResponse.jsonUnsafe({ data: (yield* warehouse.shelf(name)) ?? null })
    })
  )
)
