/** Tells how it is, from memory; what operators changed last, from the tables; and both as they change, once a second. */
import { Effect, Layer, Option, Schedule, Schema, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { auditTail } from "../../ops/auditTail.ts"
import { Drain } from "../../ops/Drain.ts"
import { plainOf } from "../markup.ts"
import { OpsApi } from "./OpsApi.ts"
import { StatusShown } from "./OpsStatusApi.ts"
import { Console, type Look } from "./page/Console.ts"
import { judged } from "./page/sections/verdict.ts"

/** Each is a connection, and a look a second that all of them share. */
const mostTails = 20
const noMore = HttpServerResponse.empty({ status: 204 })
const encode = Schema.encodeSync(StatusShown)

const statusOf = (look: Look): typeof StatusShown.Type => {
  const { facts, kind, word } = judged(look)
  const shown = facts.map(({ page, text, weight }) => ({ weight, what: plainOf(text), page: page ?? null }))
  const told = shown.map(({ what }) => what).join("; ")
  return {
    verdict: kind,
    sentence: told === "" ? `${word}.` : `${word}: ${told}.`,
    facts: shown,
    circuits: Object.fromEntries(
      look.circuits.map(({ name, state, switchedOff }) => [name, switchedOff ? "switched_off" : state])
    ),
    dead_letters: Option.getOrNull(
      Option.map(look.letters, ({ value }) => value.reduce((all, { count }) => all + count, 0))
    ),
    as_of: look.at
  }
}

/** What of a status is news when it differs. */
const newsOf = (status: typeof StatusShown.Encoded) => JSON.stringify({ ...status, as_of: "" })

export const opsStatusHandlers = HttpApiBuilder.group(
  OpsApi,
  "status",
  Effect.fn(function* (handlers) {
    const console = yield* Console
    const audit = yield* auditTail
    const drain = yield* Drain
    let open = 0
    const status = Effect.map(console.look, statusOf)

    const tail = Effect.suspend(() => {
      if (open >= mostTails) return Effect.succeed(noMore)
      open++
      const events = Stream.fromSchedule(Schedule.spaced("1 second")).pipe(
        Stream.takeWhile(() => !drain.begun),
        Stream.mapEffect(() => Effect.map(status, encode)),
        Stream.changesWith((one, other) => newsOf(one) === newsOf(other)),
        Stream.map((news) => `data: ${JSON.stringify(news)}\n\n`),
        Stream.encodeText,
        Stream.ensuring(
          Effect.sync(() => {
            open--
          })
        )
      )
      return Effect.succeed(HttpServerResponse.stream(events, { contentType: "text/event-stream" }))
    })
    return handlers.handleAll({
      status: () => status,
      audit: () => Effect.map(audit, (data) => ({ data })),
      tail: () => tail
    })
  })
).pipe(Layer.provide(Console.layer))
