/** A route that will go says so on every answer, and in the API's document; one that stays says nothing. */
import { assert, describe, it, layer } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Admission } from "../../src/http/Admission.ts"
import { boundary, errorRendering } from "../../src/http/Boundary.ts"
import { Deadlines } from "../../src/http/Deadlines.ts"
import { operationOf } from "../../src/http/documentation/document.ts"
import { ErrorRendering } from "../../src/http/ErrorRendering.ts"
import { UserNotFound } from "../../src/users/errors.ts"
import { UserId } from "../../src/users/User.ts"
import { failsWith } from "../../src/http/failsWith.ts"
import { RequestId } from "../../src/http/RequestId.ts"
import { requestMetrics } from "../../src/http/RequestMetrics.ts"
import { Routes } from "../../src/http/Routes.ts"
import { servedAlone } from "../../src/http/Server.ts"
import { toGo } from "../../src/http/toGo.ts"
import { problemIn, send, serving } from "./door.ts"

const going = toGo({
  since: DateTime.makeUnsafe("2026-11-01T00:00:00Z"),
  sunset: DateTime.makeUnsafe("2027-05-01T00:00:00Z"),
  successor: "/v2/things"
})
const announcement = {
  deprecation: "@1793491200",
  sunset: "Sat, 01 May 2027 00:00:00 GMT",
  link: '</v2/things>; rel="successor-version"'
}

const GoingApi = HttpApi.make("going")
  .add(
    HttpApiGroup.make("things")
      .add(
        HttpApiEndpoint.get("list", "/v1/things", { success: HttpApiSchema.NoContent }).annotateMerge(going),
        HttpApiEndpoint.get("get", "/v1/things/old", {
          success: HttpApiSchema.NoContent,
          error: failsWith("UserNotFound")
        }).annotateMerge(going)
      )
      .add(HttpApiEndpoint.get("new", "/v1/things/new", { success: HttpApiSchema.NoContent }))
  )
  .middleware(ErrorRendering)

const handlers = HttpApiBuilder.group(GoingApi, "things", (handlers) =>
  handlers.handleAll({
    list: () =>
      Effect.succeed(HttpServerResponse.empty({ status: 204, headers: { link: '</v1/things?c>; rel="next"' } })),
    get: () => Effect.fail(new UserNotFound({ userId: UserId.make("usr_1") })),
    new: () => Effect.void
  })
)

const door = serving(
  servedAlone(
    HttpApiBuilder.layer(GoingApi).pipe(
      Layer.provide(handlers),
      Layer.provide([boundary, errorRendering]),
      Layer.provide([
        Admission.layerOpen,
        Deadlines.layerNone,
        RequestId.layer,
        requestMetrics,
        Routes.layerOf(GoingApi)
      ])
    )
  )
)

layer(door, { excludeTestServices: true })("a route that will go", (it) => {
  it.effect("says since when, until when and what to use instead, beside its own links", () =>
    Effect.gen(function* () {
      const { headers, status } = yield* send("GET", "/v1/things")
      assert.strictEqual(status, 204)
      assert.deepInclude(headers, { ...announcement, link: `</v1/things?c>; rel="next", ${announcement.link}` })
    })
  )

  it.effect("says it with a refusal too", () =>
    Effect.gen(function* () {
      const missing = yield* send("GET", "/v1/things/old")
      assert.strictEqual(problemIn(missing).code, "not_found")
      assert.deepInclude(missing.headers, announcement)
      const refused = yield* send("GET", "/v1/things/old", { headers: { accept: "text/html" } })
      assert.strictEqual(problemIn(refused).code, "not_acceptable")
      assert.deepInclude(refused.headers, announcement)
    })
  )

  it.effect("is not another that stays", () =>
    Effect.gen(function* () {
      const { headers } = yield* send("GET", "/v1/things/new")
      for (const name of Object.keys(announcement)) assert.notProperty(headers, name)
    })
  )
})

describe("in the API's document a route that will go", () => {
  it("is marked, and its answers have both headers", () => {
    const { paths } = OpenApi.fromApi(GoingApi)
    const documented = (path: string) => {
      const given = paths[path as "/"]?.get
      assert.isDefined(given)
      return operationOf(given, ["UserNotFound"]) as {
        deprecated?: boolean
        responses: Record<string, { headers: object }>
      }
    }
    const old = documented("/v1/things/old")
    assert.isTrue(old.deprecated)
    for (const status of ["204", "404"]) {
      assert.includeMembers(Object.keys(old.responses[status]?.headers ?? {}), ["Deprecation", "Sunset"])
    }
    const stays = documented("/v1/things/new")
    assert.isUndefined(stays.deprecated)
    assert.notInclude(JSON.stringify(stays.responses), "Sunset")
  })
})
