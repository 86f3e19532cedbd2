/**
 * One request to a provider and its whole answer, or a `TransientFailure` that says whether anything may have happened.
 *
 * A body is read up to a limit and no further. Time is bounded by the caller (the kit's attempt timeout); interrupting
 * closes the connection. What the answer means is the adapter's to say.
 */
import { Effect, Stream } from "effect"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import { TransientFailure } from "../resilience/index.ts"
import type { Send } from "./outgoing.ts"
import { classifyTransport, type RawAnswer } from "./payments/classify.ts"

const failed = (reason: string) => new TransientFailure({ reason, sent: "maybe" })

export const wholeAnswer = Effect.fnUntraced(function* (
  send: Send,
  request: HttpClientRequest,
  longestBytes: number
): Effect.fn.Return<RawAnswer, TransientFailure> {
  const { headers, status, stream } = yield* Effect.mapError(
    send(request),
    ({ reason }) => classifyTransport("cause" in reason ? reason.cause : undefined).failure
  )
  const pieces: Array<Uint8Array> = []
  let length = 0
  yield* stream.pipe(
    Stream.mapError(() => failed("answer_cut")),
    Stream.runForEach((piece) => {
      length += piece.byteLength
      pieces.push(piece)
      return length > longestBytes ? Effect.fail(failed("answer_too_long")) : Effect.void
    })
  )
  return { status, headers, body: Buffer.concat(pieces).toString("utf8") }
})
