/**
 * One exchange with the payment provider: who is asking, what they ask, the fault that strikes, the answer.
 *
 * A fault in the network's place (reset, redirect, a proxy's 503) comes before the key is looked at; what is slow or
 * declined happens while the provider executes; what harms the answer comes when it is already promised.
 */
import { ByteSize, Context, Effect, Random } from "effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Answer } from "../answer.ts"
import { Faults } from "../Faults.ts"
import { underFault } from "../underFault.ts"
import type { During } from "../underFault.ts"
import { Book } from "./Book.ts"
import type { Moment } from "./createIntent.ts"
import { formOf } from "./form.ts"
import type { Form } from "./form.ts"
import { rejected } from "./outcome.ts"
import type { Outcome } from "./outcome.ts"
import { rejectedAnswer } from "./render.ts"
import { declines } from "./testCards.ts"

/** The key that a client of the sandbox has to show. */
export class SecretKey extends Context.Service<SecretKey, string>()("holdfast/sandbox/payments/SecretKey") {}

export interface Call {
  readonly book: Book["Service"]
  readonly form: Form
  /** The object that the path names; empty where it names none. */
  readonly id: string
  /** How the client reaches the sandbox, for links in an answer. */
  readonly origin: string
}

/** The largest form that the shop sends is below 2 KiB. */
const largestForm = ByteSize.fromInputUnsafe("64 KiB")
const longestKey = 255

type Perform = (call: Call, request: HttpServerRequest.HttpServerRequest, during: During) => Effect.Effect<Answer>

const exchange = (method: "GET" | "POST", path: `/${string}`, perform: Perform) =>
  HttpRouter.add(
    method,
    path,
    Effect.gen(function* () {
      const faults = yield* Faults
      const book = yield* Book
      const secretKey = yield* SecretKey
      const request = yield* HttpServerRequest.HttpServerRequest
      const { id = "" } = yield* HttpRouter.params
      const url = new URL(request.url, `http://${request.headers["host"] ?? "127.0.0.1"}`)
      const pairs = method === "GET" ? url.searchParams : new URLSearchParams(yield* request.text)
      const call: Call = { book, form: formOf(pairs), id, origin: url.origin }
      const run = (during: During) =>
        isAuthorized(request, secretKey) ? perform(call, request, during) : Effect.succeed(unauthorized)
      const fault = yield* faults.strike(method, url.pathname)
      const response = yield* faults.counted(underFault(fault, request, run))
      return HttpServerResponse.setHeaders(response, yield* standardHeaders(request))
    }).pipe(
      Effect.catchTag("HttpServerError", () => Effect.succeed(HttpServerResponse.empty({ status: 400 }))),
      Effect.provideService(HttpIncomingMessage.MaxBodySize, largestForm)
    )
  )

/** A read: answered from what is promised; keys and declines do not concern it. */
export const read = (path: `/${string}`, answer: (call: Call) => Effect.Effect<Answer>) =>
  exchange("GET", path, (call, _request, during) => Effect.andThen(during.slow, answer(call)))

/** A write: decided once under its key. */
export const write = (path: `/${string}`, decide: (call: Call) => (moment: Moment) => Outcome) =>
  exchange("POST", path, (call, request, during) => {
    const key = request.headers["idempotency-key"]
    if (key !== undefined && (key === "" || key.length > longestKey)) return Effect.succeed(badKey)
    return Effect.flatMap(requestId, (id) =>
      call.book.execute(
        {
          key,
          fingerprint: `${request.url}?${new URLSearchParams([...call.form].toSorted())}`,
          request: id,
          origin: call.origin,
          slow: during.slow,
          declineWith:
            during.decline === undefined
              ? undefined
              : declines("card_declined", during.decline.code, during.decline.message)
        },
        decide(call)
      )
    )
  })

const isAuthorized = (request: HttpServerRequest.HttpServerRequest, secretKey: string) => {
  const given = request.headers["authorization"]
  return given === `Bearer ${secretKey}` || given === `Basic ${btoa(`${secretKey}:`)}`
}

const requestId = Effect.map(Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER), (n) => `req_${n.toString(36)}`)

const standardHeaders = (request: HttpServerRequest.HttpServerRequest) =>
  Effect.map(requestId, (id) => {
    const headers: Record<string, string> = { "request-id": id, "cache-control": "no-cache, no-store" }
    for (const name of ["idempotency-key", "stripe-version"]) {
      const value = request.headers[name]
      if (value !== undefined) headers[name] = value
    }
    return headers
  })

const unauthorized = rejectedAnswer(rejected(401, { message: "Invalid API Key provided." }))
const badKey = rejectedAnswer(rejected(400, { message: "Idempotency keys are 1 to 255 characters." }))
