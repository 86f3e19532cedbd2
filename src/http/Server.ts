/**
 * The HTTP server: the API behind its boundary, with every limit of the door set.
 *
 * It stops in order: first nothing new is accepted, then what runs is finished, and what is not finished when the grace
 * is over is answered as draining.
 */
import { createServer } from "node:http"
import { NodeHttpServer } from "@effect/platform-node"
import { ByteSize, type Duration, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServer } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "./Api.ts"
import { Admission } from "./Admission.ts"
import { boundary, errorRendering } from "./Boundary.ts"
import { catalogHandlers } from "./catalog/CatalogHandlers.ts"
import {
  arrivalMillis,
  backlog,
  bodyLimitBytes,
  connectionsMost,
  headersLimitBytes,
  keepAliveMillis,
  pathParameterLimit,
  unreadLimitBytes
} from "./limits.ts"
import { deferredHandlers } from "./deferred/DeferredHandlers.ts"
import { documentationHandlers } from "./documentation/documentationHandlers.ts"
import { healthHandlers } from "./ops/HealthHandlers.ts"
import { ordersHandlers } from "./orders/OrdersHandlers.ts"
import { Deadlines } from "./Deadlines.ts"
import { frontAdmission } from "./frontAdmission.ts"
import { FrontDoor } from "./FrontDoor.ts"
import { Cursors } from "./pages.ts"
import { panicHandlers } from "./panicHandlers.ts"
import { recommendationsHandlers } from "./recommendations/RecommendationsHandlers.ts"
import { RequestId } from "./RequestId.ts"
import { requestMetrics } from "./RequestMetrics.ts"
import { Routes } from "./Routes.ts"
import { statusHandlers } from "./status/StatusHandlers.ts"
import { refuseUnparsed } from "./unparsed.ts"
import { sessionsHandlers, usersHandlers } from "./users/UsersHandlers.ts"
import { webhooksHandlers } from "./webhooks/WebhooksHandlers.ts"

const handlers = Layer.mergeAll(
  usersHandlers,
  sessionsHandlers,
  catalogHandlers,
  recommendationsHandlers,
  ordersHandlers,
  deferredHandlers,
  webhooksHandlers,
  statusHandlers,
  documentationHandlers,
  panicHandlers,
  healthHandlers
).pipe(Layer.provide([Cursors.layer, errorRendering]))

const routes = HttpApiBuilder.layer(Api).pipe(
  Layer.provide(handlers),
  Layer.provide(boundary),
  Layer.provide([RequestId.layer, requestMetrics, Routes.layer]),
  Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(bodyLimitBytes)))
)

/**
 * A server that shares nothing with another one of this process: what `HttpRouter.serve` hands on holds its router and
 * what it was built from, and a second server would add its routes to that router, and answer the first one's.
 */
export const servedAlone = <A, E, R>(routes: Layer.Layer<A, E, R>) =>
  Layer.effectDiscard(
    Layer.build(
      Layer.fresh(
        HttpRouter.serve(routes, {
          disableLogger: true,
          disableListenLog: true,
          routerConfig: {
            caseSensitive: true,
            ignoreDuplicateSlashes: false,
            ignoreTrailingSlash: false,
            maxParamLength: pathParameterLimit
          }
        })
      )
    )
  )

/** Serves the API on a listener, as whoever provides `Admission` and `Deadlines` wants it. */
export const openApi = Layer.merge(Layer.provide(frontAdmission, RequestId.layer), servedAlone(routes))

/** Serves the API as the shop does. */
export const api = Layer.provide(openApi, [Admission.layer, Deadlines.layer])

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly grace: Duration.Duration
  /** Milliseconds that a request may take to arrive; see `limits.ts`. */
  readonly arrival?: typeof arrivalMillis
}

/** Node's server with the door's limits; fails when the address cannot be had. */
export const listener = (options: ListenOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const arrival = options.arrival ?? arrivalMillis
      const server = createServer({
        headersTimeout: arrival.headers,
        requestTimeout: arrival.request,
        connectionsCheckingInterval: arrival.look,
        // Nothing here speaks another protocol; a request that asks for one is one like any other.
        shouldUpgradeCallback: () => false,
        keepAliveTimeout: keepAliveMillis,
        maxHeaderSize: headersLimitBytes,
        highWaterMark: unreadLimitBytes,
        // Refused by the boundary, as a problem; Node would refuse it without a word.
        requireHostHeader: false
      })
      // An expectation that nobody knows is no reason to refuse (RFC 9110, 10.1.1); Node would, without a word.
      server.on("checkExpectation", (request, response) => void server.emit("request", request, response))
      server.maxConnections = connectionsMost
      yield* refuseUnparsed(server)
      const { grace: gracefulShutdownTimeout, host, port } = options
      return Layer.merge(
        FrontDoor.layerOf(server),
        NodeHttpServer.layer(() => server, { host, port, backlog, gracefulShutdownTimeout })
      )
    })
  ).pipe(Layer.provide(RequestId.layer))

/** The address that is listened on, as a URL. */
export const listeningUrl = HttpServer.addressFormattedWith(Effect.succeed)
