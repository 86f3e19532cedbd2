/**
 * One request to the stock keeper and what its answer proves: the body of a 200, a refusal of the contract, or a
 * `TransientFailure` that says whether goods may have moved.
 *
 * Anything unreadable, or not in the contract's shape, may come from a proxy on the way: it proves nothing. Time is
 * bounded by the caller (the kit's attempt timeout).
 */
import { Clock, Effect, Schema, Stream } from "effect"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import { parseRetryAfter, TransientFailure } from "../../resilience/index.ts"
import type { Send } from "../outgoing.ts"
import { classifyTransport } from "../payments/classify.ts"
import { longestAnswerBytes } from "./policy.ts"
import { RefusalBody } from "./wire.ts"

/** A certain no, in the contract's words. */
export class Refused {
  readonly _tag = "Refused" as const
  readonly body: RefusalBody
  constructor(body: RefusalBody) {
    this.body = body
  }
}

const failed = (reason: string, sent: "no" | "maybe" = "maybe") => new TransientFailure({ reason, sent })
const decodeRefusal = Schema.decodeUnknownOption(Schema.fromJsonString(RefusalBody))

/** 4xx that say "not now" instead of "no". */
const passing = new Set([401, 403, 408, 425])

export const exchange = <A>(
  send: Send,
  request: HttpClientRequest,
  schema: Schema.Codec<A, unknown>
): Effect.Effect<A, Refused | TransientFailure> =>
  Effect.gen(function* () {
    const response = yield* Effect.mapError(
      send(request),
      ({ reason }) => classifyTransport("cause" in reason ? reason.cause : undefined).failure
    )
    const { headers, status } = response
    if (status === 429) {
      const nowMillis = yield* Clock.currentTimeMillis
      const retryAfter = parseRetryAfter(headers["retry-after"], { date: headers["date"], nowMillis })
      return yield* Effect.fail(
        new TransientFailure({ reason: "rate_limited", sent: "no", retryAfter, throttled: true })
      )
    }
    if (status !== 200 && (status < 400 || status >= 500 || passing.has(status))) {
      return yield* Effect.fail(failed(`status_${status}`))
    }
    const text = yield* wholeText(response.stream)
    if (status !== 200) {
      const refusal = decodeRefusal(text)
      return yield* Effect.fail(refusal._tag === "Some" ? new Refused(refusal.value) : failed("unreadable_answer"))
    }
    return yield* Effect.mapError(Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text), () =>
      failed("unreadable_answer")
    )
  })

const wholeText = Effect.fnUntraced(function* (
  stream: Stream.Stream<Uint8Array, unknown>
): Effect.fn.Return<string, TransientFailure> {
  const pieces: Array<Uint8Array> = []
  let length = 0
  yield* stream.pipe(
    Stream.mapError(() => failed("answer_cut")),
    Stream.runForEach((piece) => {
      length += piece.byteLength
      pieces.push(piece)
      return length > longestAnswerBytes ? Effect.fail(failed("answer_too_long")) : Effect.void
    })
  )
  return Buffer.concat(pieces).toString("utf8")
})
