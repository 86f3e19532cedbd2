/**
 * One request to the provider and its whole answer: form-encoded, no redirect followed, the answer cut at 1 MB.
 *
 * Fails only with `TransientFailure`, which says whether the request may have arrived. Time is bounded by the caller
 * (the kit's attempt timeout); interrupting closes the connection.
 */
import { Effect, Redacted, Stream } from "effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import type { TransientFailure } from "../../resilience/index.ts"
import { classifyTransport, unsettled } from "./classify.ts"
import type { RawAnswer } from "./classify.ts"
import type { Send } from "../outgoing.ts"
import { apiVersion, longestAnswerBytes } from "./policy.ts"

/** Where the provider is and the key that opens the shop's account there. */
export interface StripeCredentials {
  readonly baseUrl: string
  readonly secretKey: Redacted.Redacted
}

export interface ProviderRequest {
  readonly method: "GET" | "POST"
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  /** Absent on reads. */
  readonly key?: string
}

export type Exchange = (request: ProviderRequest) => Effect.Effect<RawAnswer, TransientFailure>

export const exchangeWith =
  (send: Send, { baseUrl, secretKey }: StripeCredentials): Exchange =>
  ({ key, method, parameters, path }) => {
    const form = new URLSearchParams(parameters)
    const url = new URL(path, baseUrl)
    const headers = {
      authorization: `Bearer ${Redacted.value(secretKey)}`,
      "stripe-version": apiVersion,
      ...(key === undefined ? {} : { "idempotency-key": key })
    }
    const request =
      method === "GET"
        ? HttpClientRequest.get(form.size === 0 ? url : `${url}?${form}`, { headers })
        : HttpClientRequest.bodyText(
            HttpClientRequest.post(url, { headers }),
            form.toString(),
            "application/x-www-form-urlencoded"
          )
    return send(request).pipe(
      Effect.mapError((error) => classifyTransport(causeOf(error)).failure),
      Effect.flatMap(wholeAnswer)
    )
  }

const causeOf = ({ reason }: { readonly reason: { readonly cause?: unknown } }) => reason.cause

const cut = unsettled("unknown", "answer_cut").failure
const tooLong = unsettled("unknown", "answer_too_long").failure

const wholeAnswer = Effect.fnUntraced(function* (
  response: HttpClientResponse
): Effect.fn.Return<RawAnswer, TransientFailure> {
  const pieces: Array<Uint8Array> = []
  let length = 0
  yield* response.stream.pipe(
    Stream.mapError(() => cut),
    Stream.runForEach((piece) => {
      length += piece.byteLength
      pieces.push(piece)
      return length > longestAnswerBytes ? Effect.fail(tooLong) : Effect.void
    })
  )
  return { status: response.status, headers: response.headers, body: Buffer.concat(pieces).toString("utf8") }
})
