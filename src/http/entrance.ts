/**
 * The way of a request to what serves it: room for it, its body, its deadline; and what its fiber knows of it meanwhile.
 *
 * Who came in by the front door (`frontAdmission.ts`) has his room. Of the others, who is refused for want of it is
 * refused before his body is read. The body is read before the request takes up room or time: a slow sender uses up
 * nobody's but its own (`arrivalMillis`). Who asks too often is refused before either. The app finds the body where it
 * would read it. A wait that only the count common to all nodes asks for comes after the front door: meanwhile his room
 * is somebody else's, and he asks for room again.
 */
import { ByteSize, Context, Effect } from "effect"
import { HttpIncomingMessage, type HttpServerRequest, type HttpServerResponse } from "effect/http"
import { isUtf8 } from "node:buffer"
import type { IncomingMessage } from "node:http"
import { WhileWaiting } from "../orders/Outcomes.ts"
import { CurrentAttempt } from "../resilience/index.ts"
import { AskedBy } from "../telemetry/AskedBy.ts"
import { Admission } from "./Admission.ts"
import type { Pass } from "./AdmissionGate.ts"
import { CurrentRequest, type RequestFacts } from "./CurrentRequest.ts"
import { Deadlines, type RequestDeadline, within } from "./Deadlines.ts"
import { MalformedRequest } from "./errors.ts"
import { excessOf } from "./jsonBounds.ts"
import { bodyLimitBytes } from "./limits.ts"
import { RateLimits } from "./RateLimits.ts"
import type { Standing } from "./rates/rateHeaders.ts"
import { trafficOf } from "./traffic.ts"
import { hasBody } from "./unread.ts"

type Request = HttpServerRequest.HttpServerRequest
type Answer = HttpServerResponse.HttpServerResponse

const mostBytes = ByteSize.bytes(bodyLimitBytes)

/** Bytes that are no UTF-8 would be read as other text than was sent. What is no JSON is refused by its type. */
const readable = (request: Request) => (bytes: ArrayBuffer) => {
  if (!/json/i.test(request.headers["content-type"] ?? "")) return Effect.void
  if (!isUtf8(bytes)) return Effect.fail(new MalformedRequest({ reason: "bad_encoding" }))
  const reason = excessOf(new Uint8Array(bytes))
  return reason === undefined ? Effect.void : Effect.fail(new MalformedRequest({ reason }))
}

/** What turned out to be too large: the platform would read on, as fast as it comes, until the connection ends. */
const listenNoMore = ({ source }: Request) => Effect.sync(() => void (source as Partial<IncomingMessage>).pause?.())

const body = (request: Request) =>
  Effect.provideService(request.arrayBuffer, HttpIncomingMessage.MaxBodySize, mostBytes).pipe(
    Effect.tapError(() => listenNoMore(request)),
    Effect.flatMap(readable(request))
  )

/** Who waits for an order's outcome gives back what only work needs: his place for good, his time meanwhile. */
const aside =
  (pass: Pass | undefined, deadline: RequestDeadline) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      pass?.leave("answered")
      return deadline.paused(self)
    })

export const makeEntrance = Effect.gen(function* () {
  const admission = yield* Admission
  const deadlines = yield* Deadlines
  const limits = yield* RateLimits

  return (request: Request, standings: Array<Standing>) => {
    const traffic = trafficOf(request.method, request.url)
    const pass = admission.passFor(traffic, request.source)
    const deadline = deadlines.of(traffic, request.headers["request-timeout"])
    return {
      facts: (current: RequestFacts) => {
        const facts = Context.add(Context.make(CurrentRequest, current), AskedBy, current.id)
        return deadline === undefined
          ? facts
          : Context.add(Context.add(facts, CurrentAttempt, deadline), WhileWaiting, aside(pass, deadline))
      },
      enter: <E, R>(app: Effect.Effect<Answer, E, R>) => {
        const worked = pass === undefined ? app : admission.through(pass, app)
        const inTime = deadline === undefined ? worked : within(deadline, worked)
        const read = hasBody(request) ? Effect.andThen(body(request), inTime) : inTime
        const roomy = pass === undefined || !hasBody(request) ? read : Effect.andThen(admission.atOnce(pass), read)
        const counted = limits.atDoor(request, traffic, { standings, aside: () => pass?.stepOut() })
        return counted === undefined ? roomy : Effect.andThen(counted, roomy)
      }
    }
  }
})
