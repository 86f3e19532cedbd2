/**
 * The boundary: whatever became of a request leaves through here, as an answer that keeps the contract.
 *
 * A typed error is rendered by its row in `problems.ts`. What is not in the table, a defect above all, leaves as a 500
 * that says nothing and is logged with its cause. An unknown path, a wrong method, a body that is too large and a
 * request cut off by the shutdown are problems like any other. One failure is one log line. Every answer carries its
 * `Request-Id` and the security headers; what is not public says `no-store`; a node that is about to stop closes the
 * connection behind it, and so does one that was asked for another protocol (Node reads nothing behind such a request)
 * or has left chunks unread: nobody knows how many there are.
 */
import { Cause, Clock, Context, DateTime, Effect, Layer, Random, Tracer, type Types } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { acceptsJson } from "./accepts.ts"
import { makeBrowserHeaders } from "./browserHeaders.ts"
import type { AppError } from "../errors.ts"
import { Drain } from "../ops/Drain.ts"
import { AccessLog } from "../telemetry/AccessLog.ts"
import { debug } from "../telemetry/debug.ts"
import { describeCause } from "../telemetry/redaction.ts"
import { Tracing } from "../telemetry/traces/Tracing.ts"
import {
  DeadlinePassed,
  Draining,
  MalformedRequest,
  NodeOverloaded,
  NotAcceptable,
  PayloadTooLarge,
  RateLimited,
  RouteNotFound,
  Unexpected,
  UnsupportedMediaType
} from "./errors.ts"
import { CurrentRequest, type Told } from "./CurrentRequest.ts"
import { isLate } from "./Deadlines.ts"
import { operations } from "./documentation/operations.ts"
import { makeEntrance } from "./entrance.ts"
import { ErrorRendering } from "./ErrorRendering.ts"
import { fieldErrorsOf } from "./fieldErrors.ts"
import { finish } from "./finish.ts"
import { bodyLimitBytes } from "./limits.ts"
import { loggable } from "./loggable.ts"
import { contentType } from "./Problem.ts"
import { problems, type Row, rowOf } from "./problems.ts"
import type { Standing } from "./rates/rateHeaders.ts"
import { problemOf, retryAfter } from "./rendering.ts"
import { RequestId } from "./RequestId.ts"
import { RequestMetrics } from "./RequestMetrics.ts"
import { Routes } from "./Routes.ts"
import { answeredLine, orderIn, requestEnding, requestEntry, servedRequest } from "./requestTrace.ts"
import { announced, goingOf } from "./toGo.ts"
import { isLeftUnread, isOtherThanJson, refusedUnread } from "./unread.ts"

type Answer = HttpServerResponse.HttpServerResponse

/** No standard has a status for it; this one is widely used in logs, and never leaves the process. */
const clientLeft = 499

/** A request that no endpoint of the contract is for. */
const unmatched = "unmatched"

/**
 * Turns an endpoint's typed errors and its rejected fields into problems. What is under `/v1` answers JSON alone; a POST
 * that reads no body takes none of another media type either.
 */
export const errorRendering = Layer.succeed(ErrorRendering, (app, { endpoint, group }) => {
  const reads = operations[`${group.identifier}.${endpoint.identifier}`]?.parameters
  const rendered = Effect.catch(app, (failure: unknown) =>
    Effect.flatMap(fieldErrorsOf(failure, endpoint, reads), (rejected) => {
      const error = rejected ?? failure
      return rowOf(error) === undefined ? Effect.die(error) : render(error as AppError)
    })
  )
  const answered = endpoint.path.startsWith("/v1/")
    ? Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
        acceptsJson(headers["accept"]) ? rendered : render(new NotAcceptable())
      )
    : rendered
  const typed =
    endpoint.method === "POST" && endpoint.payload.size === 0
      ? Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
          isOtherThanJson(request) ? render(new UnsupportedMediaType()) : answered
        )
      : answered
  const going = goingOf(endpoint)
  const told = going === undefined ? typed : Effect.map(typed, (response) => announced(going, response))
  return Effect.flatMap(CurrentRequest, (current) => {
    current.told.route = endpoint.path
    return told
  })
})

/**
 * Around everything that is served. Each server has one of its own: it knows that server's routes, and whom it admits.
 */
export const boundary = Layer.fresh(
  HttpRouter.middleware(
    Effect.gen(function* () {
      const ids = yield* RequestId
      const routes = yield* Routes
      const entrance = yield* makeEntrance
      const drain = yield* Drain
      const forBrowsers = yield* makeBrowserHeaders
      const metrics = yield* RequestMetrics
      const clock = yield* Clock.Clock
      const tracing = yield* Tracing
      const served = yield* AccessLog
      return (app) =>
        // Nothing is left unhandled here; the library's type wants a global middleware to say that something may be.
        Effect.gen(function* (): Effect.fn.Return<Answer, Types.unhandled, HttpServerRequest.HttpServerRequest> {
          const startedMillis = yield* Clock.currentTimeMillis
          const startedNanos = clock.currentTimeNanosUnsafe()
          const count = metrics.begun()
          const told: Told = { degraded: false }
          const id = yield* ids.next
          const request = yield* HttpServerRequest.HttpServerRequest
          const trace = tracing.enter(requestEntry(request, id, startedNanos))
          const refused = refusedUnread(request)
          const standings: Array<Standing> = []
          const { enter, facts } = entrance(request, standings)
          const answered =
            refused === undefined
              ? Effect.matchCauseEffect(enter(app), {
                  onSuccess: contractual,
                  onFailure: (cause) => Effect.flatMap(errorOf(cause, routes), answer)
                })
              : render(refused)
          const response = yield* answered.pipe(
            Effect.provideContext(
              Context.add(facts({ id, startedNanos, told, standings }), Tracer.ParentSpan, trace.span)
            ),
            Effect.annotateLogs({ request_id: id, ...clientsId(request.headers["x-request-id"]) })
          )
          const endedNanos = clock.currentTimeNanosUnsafe()
          const { method, url } = request
          const ended = { method, url, route: told.route ?? unmatched, status: response.status, told }
          count({ ...ended, seconds: Number(endedNanos - startedNanos) / 1e9 })
          if (tracing.records) trace.end(requestEnding(ended, id, endedNanos))
          served?.(servedRequest(ended, { id, traceId: trace.span.traceId, startedMillis, startedNanos, endedNanos }))
          yield* debug("http", "answered", () => answeredLine(ended, id))
          const { allow, vary } = response.headers
          const isLast = drain.begun || request.headers["upgrade"] !== undefined || isLeftUnread(request)
          return finish(response, { id, isLast, standings, forBrowsers: forBrowsers(request, { allow, vary }) })
        })
    }),
    { global: true }
  )
)

/** A client's own id of its request, if it is a plain one: nothing that is a secret or a text is written like that. */
const plainId = /^(?=.*[a-z])[\w-]{4,64}$/i
const clientsId = (given: string | undefined) =>
  given !== undefined && plainId.test(given) ? { client_request_id: given } : {}

const isProblem = (response: Answer) => "contentType" in response.body && response.body.contentType === contentType

/** An answer that some library made by itself, and that is no problem yet, becomes one. */
const contractual = (response: Answer): Effect.Effect<Answer, never, Needs> => {
  if (response.status < 400 || isProblem(response)) return Effect.succeed(response)
  if (response.status === 415) return render(new UnsupportedMediaType())
  if (response.status === 404) return render(new RouteNotFound())
  if (response.status < 500) return render(new MalformedRequest({ reason: "bad_framing" }))
  return died(Cause.die(new Error("an answer without a problem")), response.status)
}

type Failed =
  | { readonly refused: NodeOverloaded | RateLimited }
  | { readonly error: AppError }
  | { readonly options: ReadonlyArray<string> }
  | { readonly left: true }
  | { readonly defect: Cause.Cause<unknown> }

const answer = (failed: Failed): Effect.Effect<Answer, never, Needs> => {
  if ("refused" in failed) return refuse(failed.refused)
  if ("error" in failed) return render(failed.error)
  if ("options" in failed) {
    return Effect.succeed(HttpServerResponse.empty({ status: 204, headers: { allow: failed.options.join(", ") } }))
  }
  if ("left" in failed) return left
  return died(failed.defect, 500)
}

/** The client hung up before it was answered. Nobody reads this answer: it is for the log. */
const left = Effect.gen(function* () {
  yield* Effect.logInfo("client left", yield* logFields)
  return HttpServerResponse.empty({ status: clientLeft })
})

const hasLeft = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) => reason.annotations.has(HttpServerError.ClientAbort.key))

/** What a cause means at the door. */
const errorOf = (
  cause: Cause.Cause<unknown>,
  routes: Routes["Service"]
): Effect.Effect<Failed, never, HttpServerRequest.HttpServerRequest> =>
  Effect.map(HttpServerRequest.HttpServerRequest, (request): Failed => {
    if (isLate(cause)) return { error: new DeadlinePassed() }
    if (Cause.hasInterruptsOnly(cause)) return hasLeft(cause) ? { left: true } : { error: new Draining() }
    for (const reason of cause.reasons) {
      const failure: unknown = reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined
      if (failure instanceof NodeOverloaded || failure instanceof RateLimited) return { refused: failure }
      if (failure instanceof MalformedRequest) return { error: failure }
      if (!HttpServerError.isHttpServerError(failure)) continue
      if (failure.reason._tag === "RouteNotFound") return unrouted(request, routes)
      if (failure.reason._tag === "RequestParseError") {
        return {
          error:
            failure.reason.reason === "BodyTooLarge"
              ? new PayloadTooLarge({ limitBytes: bodyLimitBytes })
              : new MalformedRequest({ reason: "bad_encoding" })
        }
      }
    }
    return { defect: cause }
  })

const unrouted = (request: HttpServerRequest.HttpServerRequest, routes: Routes["Service"]): Failed => {
  const allow = routes.methodsOf(request.url)
  // The path looks like one that knows the method, but the router would not have it: a parameter is too long.
  const unknown = allow.length === 0 || (request.method !== "OPTIONS" && allow.includes(request.method))
  if (unknown) return { error: new RouteNotFound() }
  return request.method === "OPTIONS" ? { options: allow } : { error: routes.notAllowed(allow) }
}

type Needs = HttpServerRequest.HttpServerRequest

/** There may be thousands a second: they are counted, and one line a second tells of them. */
const refuse = (error: NodeOverloaded | RateLimited) =>
  error._tag === "RateLimited"
    ? problemAnswer(error, problems.RateLimited)
    : problemAnswer(error, problems.NodeOverloaded)

/** The answer for an error of the table, and its one log line. */
const render = Effect.fnUntraced(function* (error: AppError) {
  if (error._tag === "RateLimited") return yield* refuse(error)
  const row = rowOf(error)
  if (row === undefined) return yield* died(Cause.die(error), 500)
  yield* Effect.logWarning("request refused", {
    ...(yield* logFields),
    severity: "expected",
    status: row.status,
    code: row.code,
    category: error.category,
    error: loggable(error)
  })
  return yield* problemAnswer(error, row)
})

/** A bug: nobody outside learns anything about it, and the log everything. */
const died = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>, status: number) {
  const error = new Unexpected()
  yield* Effect.logError("request died", {
    ...(yield* logFields),
    severity: "unexpected",
    status,
    code: "internal_error",
    category: error.category,
    ...describeCause(cause)
  })
  const row = rowOf(error)
  return row === undefined ? HttpServerResponse.empty({ status: 500 }) : yield* problemAnswer(error, row)
})

const problemAnswer = Effect.fnUntraced(function* <E extends AppError>(error: E, row: Row<E>) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { id, told } = yield* CurrentRequest
  told.code = row.code
  if ("dependency" in error && typeof error.dependency === "string") told.dependency = error.dependency
  const timestamp = DateTime.formatIso(yield* DateTime.now)
  const wait =
    row.retryAfterSeconds === undefined
      ? undefined
      : retryAfter(row.status, row.retryAfterSeconds(error), yield* Random.next)
  const safe = request.method === "GET" || request.method === "HEAD"
  const occasion = { requestId: id, timestamp, safe, committed: told.committed }
  const body = problemOf(error, row, occasion, wait)
  return HttpServerResponse.jsonUnsafe(body, {
    status: row.status,
    contentType,
    headers: {
      "cache-control": "no-store",
      ...told.keyed,
      ...row.headers?.(error),
      ...(wait === undefined ? {} : { "retry-after": String(wait) })
    }
  })
})

const logFields = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { startedNanos, told } = yield* CurrentRequest
  const orderId = orderIn(request.url)
  return {
    ...(orderId === undefined ? {} : { order_id: orderId }),
    method: request.method,
    route: told.route ?? unmatched,
    duration_ms: Math.round(Number((yield* Clock.currentTimeNanos) - startedNanos) / 1e6)
  }
})
