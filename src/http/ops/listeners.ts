/**
 * What changes, told as server-sent events: at once, then once a second, until the node shuts down.
 *
 * Counted is who is told, not who has asked: a HEAD, and a client that is gone before its answer, are told nothing. Who
 * asks when as many listen as may is answered 204, which tells a browser to stop asking.
 */
import { Effect, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { Drain } from "../../ops/Drain.ts"

/** Each is a connection and a rendering a second: many more than there are operators. */
const most = 20
const noMore = HttpServerResponse.empty({ status: 204 })

interface Told<A> {
  readonly look: Effect.Effect<A>
  /** What is not told again; everything is told unless given. */
  readonly same?: (one: A, other: A) => boolean
}

/** A count of its own for each kind of events. */
export const listeners = Effect.map(Drain, (drain) => {
  let told = 0
  const place = Effect.acquireRelease(
    Effect.sync(() => ++told <= most),
    () =>
      Effect.sync(() => {
        told--
      })
  )
  return <A>({ look, same = () => false }: Told<A>) =>
    Effect.sync(() => {
      if (told >= most) return noMore
      const events = Stream.tick("1 second").pipe(
        Stream.takeWhile(() => !drain.begun),
        Stream.mapEffect(() => look),
        Stream.changesWith(same),
        Stream.map((news) => `data: ${JSON.stringify(news)}\n\n`),
        Stream.encodeText
      )
      // Between the question and the first event others may have come.
      const placed = Stream.unwrap(Effect.map(place, (free) => (free ? events : Stream.empty)))
      return HttpServerResponse.stream(placed, { contentType: "text/event-stream" })
    })
})
