/** The controls of the provider's webhooks: where they go, what goes wrong with them, what became of each. */
import { Effect, Layer, Schema } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Behaviour } from "./behaviour.ts"
import { Outbox } from "./Outbox.ts"

const path = "/_sandbox/webhooks"

const badRequest = HttpServerResponse.jsonUnsafe(
  { error: "expected application/json: {url?, duplicates?, delay_ms?, lose?, hold?, reversed?}" },
  { status: 400 }
)

export const webhookRoutes = Layer.mergeAll(
  HttpRouter.add(
    "GET",
    path,
    Effect.gen(function* () {
      const outbox = yield* Outbox
      return HttpServerResponse.jsonUnsafe({ behaviour: yield* outbox.behaviour, data: yield* outbox.deliveries })
    })
  ),
  HttpRouter.add(
    "POST",
    path,
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const request = yield* HttpServerRequest.HttpServerRequest
      // A page in somebody's browser cannot send this type to this machine unasked.
      if (request.headers["content-type"]?.startsWith("application/json") !== true) return badRequest
      const change = yield* request.json.pipe(
        Effect.flatMap(Schema.decodeUnknownEffect(Behaviour, { onExcessProperty: "error" }))
      )
      return HttpServerResponse.jsonUnsafe({ behaviour: yield* outbox.behave(change) }, { status: 201 })
    }).pipe(Effect.catchTag(["SchemaError", "HttpServerError"], () => Effect.succeed(badRequest)))
  )
)
