/**
 * Answers what has become of a deferred write: from this node's spool, which needs no database, or from the database.
 *
 * Another account's is not found. One that a node of ours gave out, and that cannot be seen from here, is a 503: not
 * found would be read as lost.
 */
import { Effect, Option, Redacted } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { type Deferred, waiting } from "../../jobs/spool/Deferred.ts"
import { DeferredWrites } from "../../jobs/spool/DeferredWrites.ts"
import { DeferredElsewhere, DeferredNotFound } from "../../jobs/spool/errors.ts"
import { Spool } from "../../jobs/spool/Spool.ts"
import { deferredIds } from "../../users/deferredIds.ts"
import { Unauthenticated } from "../../users/errors.ts"
import { Sessions } from "../../users/Sessions.ts"
import { Api } from "../Api.ts"
import { deferredAnswer } from "./deferredAnswer.ts"

/** The bearer token, which is asked for only where it matters. */
const bearer = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
  const token = /^bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1]
  return token === undefined
    ? Effect.fail(new Unauthenticated({ reason: "token_invalid" }))
    : Effect.succeed(Redacted.make(token))
})

export const deferredHandlers = HttpApiBuilder.group(
  Api,
  "deferred",
  Effect.fn(function* (handlers) {
    const spool = yield* Spool
    const writes = yield* DeferredWrites
    const sessions = yield* Sessions
    const ids = yield* deferredIds

    /** The spool first: what it hands over is in the database before it is gone here. */
    const found = Effect.fnUntraced(function* (id: string) {
      const here = yield* Effect.catch(spool.find(id), (error) =>
        Effect.as(Effect.logWarning("the spool was not looked into", { code: error._tag }), Option.none())
      )
      return Option.isSome(here) ? Option.some(waiting(here.value)) : yield* writes.find(id)
    })
    const visible = Effect.fnUntraced(function* (deferred: Deferred) {
      if (deferred.kind === "sign_up") return deferred
      const { userId } = yield* Effect.flatMap(bearer, sessions.authenticate)
      return userId === deferred.account ? deferred : yield* new DeferredNotFound({ deferredId: deferred.id })
    })

    return handlers.handleAll({
      get: Effect.fnUntraced(function* ({ params: { id } }) {
        if (!ids.isOurs(id)) return yield* new DeferredNotFound({ deferredId: id })
        const deferred = yield* found(id)
        if (Option.isNone(deferred)) return yield* new DeferredElsewhere({ deferredId: id })
        return yield* deferredAnswer(yield* visible(deferred.value))
      })
    })
  })
)
