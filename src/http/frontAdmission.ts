/**
 * Admission at the front door: a request that there is no room for is refused before there is a fiber, a route or a body
 * for it, and who waits in the line is no more than an entry there.
 *
 * What has arrived whole is decided here. A body that is still to come is waited for inside, so that a slow sender takes
 * nobody's room; who would be refused after it is refused now. Who asks too often waits inside as well, and for room only
 * after that. Who is refused once more on the same connection may be so before he is parsed (`shortcut.ts`).
 */
import { Clock, Effect, Layer, Random } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { Drain } from "../ops/Drain.ts"
import { Admission, comeBackSeconds } from "./Admission.ts"
import type { Pass } from "./AdmissionGate.ts"
import { makeBrowserHeaders } from "./browserHeaders.ts"
import { FrontDoor } from "./FrontDoor.ts"
import { bodyLimitBytes } from "./limits.ts"
import { makeOverloadAnswer } from "./overloadAnswer.ts"
import { RateLimits } from "./RateLimits.ts"
import type { Caller } from "./rates/clientAddress.ts"
import { retryAfter } from "./rendering.ts"
import { RequestId } from "./RequestId.ts"
import { makeShortcut } from "./shortcut.ts"
import { trafficOf } from "./traffic.ts"

/** A body whose end is not known, or is too far off, is for the boundary: it knows how to end such a connection. */
const announcedBody = ({ headers }: IncomingMessage): "none" | "some" | "unbounded" => {
  if (headers["transfer-encoding"] !== undefined) return "unbounded"
  const bytes = headers["content-length"]
  if (bytes === undefined || bytes === "0") return "none"
  return Number(bytes) <= bodyLimitBytes ? "some" : "unbounded"
}

export const frontAdmission = Layer.effectDiscard(
  Effect.gen(function* () {
    const [admission, door, drain, ids] = [yield* Admission, yield* FrontDoor, yield* Drain, yield* RequestId]
    const limits = yield* RateLimits
    const [clock, random] = [yield* Clock.Clock, yield* Random.Random]
    const answer = makeOverloadAnswer()
    const forBrowsers = yield* makeBrowserHeaders

    const refused = (caller: Caller) => ({
      requestId: ids.nextUnsafe(),
      timestamp: new Date(clock.currentTimeMillisUnsafe()),
      waitSeconds: retryAfter(503, comeBackSeconds(random.nextDoubleUnsafe()), random.nextDoubleUnsafe()),
      forBrowsers: forBrowsers(caller)
    })
    const shortcut = makeShortcut((glanced) =>
      !drain.begun && admission.refusesAtOnce(trafficOf("GET", glanced.target))
        ? answer.bytes(refused(glanced))
        : undefined
    )
    const refuse = (request: IncomingMessage, response: ServerResponse) => {
      // Who waits to be asked for his body is not asked, and what he sends next would be taken for it.
      const isLast = drain.begun || request.headers.expect !== undefined
      answer.write(response, refused({ headers: request.headers, source: request }), isLast)
      if (!isLast) shortcut.open(request, response)
    }
    const decide = (pass: Pass, request: IncomingMessage, response: ServerResponse, goOn: () => void) => {
      // Also of one that has left; and whatever becomes of it inside, its room is free when it is over.
      response.once("close", () => pass.leave("nothing"))
      pass.ask((way) => {
        if (way === "away") return refuse(request, response)
        admission.letIn(request, pass)
        goOn()
      })
    }

    yield* door.keep((request, response, goOn) => {
      shortcut.parsed(request, response)
      const traffic = trafficOf(request.method ?? "", request.url ?? "")
      const pass = admission.passFor(traffic)
      const body = announcedBody(request)
      if (pass === undefined || body === "unbounded") goOn()
      else if (pass.isHopeless) decide(pass, request, response, goOn)
      else if (limits.mustWait({ headers: request.headers, source: request }, traffic)) goOn()
      else if (body === "none") decide(pass, request, response, goOn)
      // Most bodies come with their headers, and are there as soon as Node has read on.
      else process.nextTick(() => (request.complete ? decide(pass, request, response, goOn) : goOn()))
    })
  })
)
