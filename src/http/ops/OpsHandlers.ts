/** Unpacks operators' requests, and calls what they are about. Whoever changes something is named in it. */
import { Effect, Layer } from "effect"
import type { DateTime } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { LetterFilter } from "../../jobs/DeadLetter.ts"
import { DeadLetters } from "../../jobs/DeadLetters.ts"
import { Jobs } from "../../jobs/Jobs.ts"
import { Cursors } from "../pages.ts"
import { nextCursor } from "../responses.ts"
import { catalogueHandlers } from "./catalogueHandlers.ts"
import { explainHandlers } from "./explainHandlers.ts"
import { faultsHandlers } from "./faultsHandlers.ts"
import { invariantsHandlers } from "./invariantsHandlers.ts"
import { logLevelsHandlers } from "./logLevelsHandlers.ts"
import { metricsHandlers } from "./metricsHandlers.ts"
import { OpsApi } from "./OpsApi.ts"
import { operatorsHandlers } from "./operatorsHandlers.ts"
import { opsOrdersHandlers } from "./opsOrdersHandlers.ts"
import { opsStatusHandlers } from "./opsStatusHandlers.ts"
import { mayChange, OpsAuthorization } from "./OpsAuthorization.ts"
import { pagesHandlers } from "./page/pagesHandlers.ts"
import { switchHandlers } from "./switchesHandlers.ts"

interface Conditions {
  readonly queue?: string
  readonly code?: string
  readonly failed_after?: DateTime.Utc
  readonly failed_before?: DateTime.Utc
}
const filterOf = ({ code, failed_after, failed_before, queue }: Conditions): LetterFilter => ({
  queue,
  code,
  failedAfter: failed_after,
  failedBefore: failed_before
})

const deadLettersHandlers = HttpApiBuilder.group(
  OpsApi,
  "deadLetters",
  Effect.fn(function* (handlers) {
    const letters = yield* DeadLetters
    const cursors = yield* Cursors
    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query }) {
        const { after, limit } = yield* cursors.read("dead-letters", query)
        const page = yield* letters.list(filterOf(query), {
          limit,
          after: after._tag === "Some" ? after.value.id : undefined
        })
        return { data: page.letters, ...nextCursor(cursors, "dead-letters", page.next) }
      }),
      groups: ({ query }) => Effect.map(letters.groups(filterOf(query)), (data) => ({ data })),
      preview: ({ query }) =>
        letters.preview({ ...filterOf(query), ids: query.id === undefined ? undefined : [query.id] }),
      show: ({ params }) => letters.find(params.id),
      replayOne: Effect.fnUntraced(function* ({ params, payload }) {
        const by = { actor: yield* mayChange, reason: payload.reason }
        return yield* letters.replay({ ids: [params.id] }, by, payload.per_second)
      }),
      replayMany: Effect.fnUntraced(function* ({ payload }) {
        const by = { actor: yield* mayChange, reason: payload.reason }
        return yield* letters.replay(filterOf(payload.filter), by, payload.per_second)
      }),
      discardOne: Effect.fnUntraced(function* ({ params, payload }) {
        const by = { actor: yield* mayChange, reason: payload.reason }
        return { discarded: yield* letters.discard({ ids: [params.id] }, by) }
      }),
      discardMany: Effect.fnUntraced(function* ({ payload }) {
        const by = { actor: yield* mayChange, reason: payload.reason }
        return { discarded: yield* letters.discard(filterOf(payload.filter), by) }
      }),
      replay: ({ params }) => letters.replayed(params.id)
    })
  })
)

const queuesHandlers = HttpApiBuilder.group(
  OpsApi,
  "queues",
  Effect.fn(function* (handlers) {
    const jobs = yield* Jobs
    const of = (name: string) => Effect.map(jobs.queues, (all) => ({ data: all.filter(({ queue }) => queue === name) }))
    return handlers.handleAll({
      list: () => Effect.map(jobs.queues, (data) => ({ data })),
      pause: Effect.fnUntraced(function* ({ params, payload }) {
        yield* jobs.pause(params.name, { actor: yield* mayChange, reason: payload.reason })
        return yield* of(params.name)
      }),
      resume: Effect.fnUntraced(function* ({ params, payload }) {
        yield* jobs.resume(params.name, { actor: yield* mayChange, reason: payload.reason })
        return yield* of(params.name)
      })
    })
  })
)

export const opsHandlers = Layer.mergeAll(
  deadLettersHandlers,
  queuesHandlers,
  operatorsHandlers,
  switchHandlers,
  opsOrdersHandlers,
  invariantsHandlers,
  explainHandlers,
  opsStatusHandlers,
  catalogueHandlers,
  faultsHandlers,
  logLevelsHandlers,
  pagesHandlers,
  metricsHandlers
).pipe(Layer.provide(OpsAuthorization.layer))
