/**
 * The operators' API, as this program calls it: OPS_URL says where, OPS_TOKEN who.
 *
 * Without OPS_TOKEN it takes the token that a node outside of production made in DATA_DIR. Nothing is repeated: an
 * operator sees what went wrong, and decides.
 */
import { Config, Context, Effect, FileSystem, Layer, Option, Redacted, Stream } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { OpsRefused, OpsTokenMissing, OpsUnreachable } from "./errors.ts"

export type Json = Readonly<Record<string, unknown>>
export type Parameters = Readonly<Record<string, string | undefined>>
type Failures = OpsRefused | OpsUnreachable

/** Longer than any answer takes: the database's own deadline is 4.5 s. */
const deadline = "10 seconds"

export class OpsClient extends Context.Service<
  OpsClient,
  {
    readonly get: (path: string, query?: Parameters) => Effect.Effect<Json, Failures>
    readonly post: (path: string, body: Json) => Effect.Effect<Json, Failures>
    /** Server-sent events, each of them JSON, until the node ends them. */
    readonly events: (path: string) => Stream.Stream<Json, Failures>
  }
>()("holdfast/ops/OpsClient") {
  static readonly layer = Layer.effect(
    OpsClient,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const files = yield* FileSystem.FileSystem
      const baseUrl = yield* Config.withDefault(Config.String("OPS_URL"), "http://127.0.0.1:3001")
      const dataDir = yield* Config.withDefault(Config.String("DATA_DIR"), ".data")
      const given = yield* Config.option(Config.Redacted("OPS_TOKEN"))
      const made = files.readFileString(`${dataDir}/ops-token`).pipe(
        Effect.map((text) => Redacted.make(text.trim())),
        Effect.mapError(() => new OpsTokenMissing())
      )
      const token = yield* Option.match(given, { onNone: () => made, onSome: Effect.succeed })

      const unreachable = () => Effect.fail(new OpsUnreachable({ url: baseUrl }))
      const asked = (request: HttpClientRequest.HttpClientRequest) =>
        client.execute(HttpClientRequest.bearerToken(request, Redacted.value(token)))
      const send = Effect.fnUntraced(
        function* (request: HttpClientRequest.HttpClientRequest) {
          const response = yield* asked(request)
          if (response.status >= 400) return yield* refusalIn(response)
          return (yield* response.json) as Json
        },
        Effect.catchTag("HttpClientError", unreachable),
        Effect.timeoutOrElse({ duration: deadline, orElse: unreachable })
      )
      const listen = Effect.fnUntraced(
        function* (path: string) {
          const response = yield* asked(HttpClientRequest.get(`${baseUrl}/ops/api/${path}`))
          if (response.status === 200) return response.stream
          return yield* response.status === 204 ? tooMany : refusalIn(response)
        },
        Effect.catchTag("HttpClientError", unreachable),
        Effect.timeoutOrElse({ duration: deadline, orElse: unreachable })
      )
      return OpsClient.of({
        get: (path, query = {}) => {
          const asked = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
          return send(
            HttpClientRequest.get(`${baseUrl}/ops/api/${path}`).pipe(
              HttpClientRequest.setUrlParams(Object.fromEntries(asked))
            )
          )
        },
        events: (path) =>
          Stream.unwrap(listen(path)).pipe(
            Stream.decodeText,
            Stream.splitLines,
            Stream.filter((line) => line.startsWith("data: ")),
            Stream.map((line) => JSON.parse(line.slice("data: ".length)) as Json),
            Stream.catchTag("HttpClientError", () => Stream.fail(new OpsUnreachable({ url: baseUrl })))
          ),
        post: (path, body) =>
          send(HttpClientRequest.post(`${baseUrl}/ops/api/${path}`).pipe(HttpClientRequest.bodyJsonUnsafe(body)))
      })
    })
  )
}

/** Its own words, as it was refused. */
const refusalIn = Effect.fnUntraced(function* (response: HttpClientResponse.HttpClientResponse) {
  const body = (yield* response.json) as Json
  const [code, detail] = [String(body["code"] ?? "unknown"), String(body["detail"] ?? "It was refused.")]
  return yield* new OpsRefused({ status: response.status, code, detail: detail + fieldsIn(body) })
})

const tooMany = new OpsRefused({
  status: 204,
  code: "too_many_listeners",
  detail: "As many listen already as this node tells what changes: come back when one of them has gone."
})

const fieldsIn = (body: Json): string => {
  const errors = (body["errors"] ?? []) as ReadonlyArray<{ readonly pointer: string; readonly message: string }>
  return errors.map(({ message, pointer }) => ` ${pointer}: ${message}`).join("")
}
