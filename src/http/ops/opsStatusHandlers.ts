/** Tells how it is, from memory; what operators changed last, from the tables; and both as they change, once a second. */
import { Effect, Layer, Option, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { auditTail } from "../../ops/auditTail.ts"
import { plainOf } from "../markup.ts"
import { listeners } from "./listeners.ts"
import { OpsApi } from "./OpsApi.ts"
import { StatusShown } from "./OpsStatusApi.ts"
import { Console, type Look } from "./page/Console.ts"
import { judged } from "./page/sections/verdict.ts"

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

type StatusSent = typeof StatusShown.Encoded

/** What of a status is news when it differs. */
const newsOf = (status: StatusSent) => JSON.stringify({ ...status, as_of: "" })

export const opsStatusHandlers = HttpApiBuilder.group(
  OpsApi,
  "status",
  Effect.fn(function* (handlers) {
    const console = yield* Console
    const audit = yield* auditTail
    const tell = yield* listeners
    const status = Effect.map(console.look, statusOf)
    const tail = tell({
      look: Effect.map(status, encode),
      same: (one: StatusSent, other: StatusSent) => newsOf(one) === newsOf(other)
    })
    return handlers.handleAll({
      status: () => status,
      audit: () => Effect.map(audit, (data) => ({ data })),
      tail: () => tail
    })
  })
).pipe(Layer.provide(Console.layer))
