/** What changes on the page, once a second, as server-sent events: by the id of its place, the markup that stands there. */
import { Effect, Schedule, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { Drain } from "../../../ops/Drain.ts"
import { Console } from "./Console.ts"
import { sectionsOf } from "./sectionsOf.ts"

/** Each is a connection and a rendering a second: many more than there are operators. */
const mostStreams = 20
/** Tells the browser to stop asking. */
const noMore = HttpServerResponse.empty({ status: 204 })

export const streams = Effect.gen(function* () {
  const page = yield* Console
  const drain = yield* Drain
  let open = 0

  const changes = () => {
    let shown: Record<string, string> = {}
    return Effect.map(page.look, (look) => {
      const now = Object.fromEntries(sectionsOf(look).map(({ content, id }) => [id, content.text]))
      const changed = Object.entries(now).filter(([id, text]) => shown[id] !== text)
      shown = now
      return Object.fromEntries(changed)
    })
  }
  return Effect.suspend(() => {
    if (open >= mostStreams) return Effect.succeed(noMore)
    open++
    const next = changes()
    const events = Stream.fromSchedule(Schedule.spaced("1 second")).pipe(
      Stream.takeWhile(() => !drain.begun),
      Stream.mapEffect(() => next),
      Stream.map((changed) => `data: ${JSON.stringify(changed)}\n\n`),
      Stream.encodeText,
      Stream.ensuring(
        Effect.sync(() => {
          open--
        })
      )
    )
    return Effect.succeed(HttpServerResponse.stream(events, { contentType: "text/event-stream" }))
  })
})
