/**
 * Routes that will go: said beside the endpoint (`.annotateMerge(toGo({…}))`), shown on each of its answers and in the
 * API's document. `/v1` is the version; a route goes only after its `Sunset`, and months after it said so.
 */
import { Context, DateTime } from "effect"
import { HttpServerResponse } from "effect/http"
import { type HttpApiEndpoint, OpenApi } from "effect/http-api"

export interface ToGo {
  /** From when on it should no longer be used. */
  readonly since: DateTime.Utc
  /** From when on it may be gone. */
  readonly sunset: DateTime.Utc
  /** The path of what to use instead. */
  readonly successor: string
}

class GoingRoute extends Context.Service<GoingRoute, ToGo>()("holdfast/http/GoingRoute") {}

export const toGo = (going: ToGo) => Context.make(GoingRoute, going).pipe(Context.add(OpenApi.Deprecated, true))

export const goingOf = ({ annotations }: Pick<HttpApiEndpoint.Top, "annotations">): ToGo | undefined =>
  Context.getOrUndefined(annotations as Context.Context<GoingRoute>, GoingRoute)

/** `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and where to go instead (RFC 5829), beside a list's own links. */
export const announced = (
  { since, successor, sunset }: ToGo,
  response: HttpServerResponse.HttpServerResponse
): HttpServerResponse.HttpServerResponse => {
  const before = response.headers["link"]
  const link = `<${successor}>; rel="successor-version"`
  return HttpServerResponse.setHeaders(response, {
    deprecation: `@${Math.floor(DateTime.toEpochMillis(since) / 1000)}`,
    sunset: DateTime.toDateUtc(sunset).toUTCString(),
    link: before === undefined ? link : `${before}, ${link}`
  })
}
