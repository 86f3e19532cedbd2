/** Answers a shop front that asks what is degraded. */
import { DateTime, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Status } from "../../ops/Status.ts"
import { Api } from "../Api.ts"

export const statusHandlers = HttpApiBuilder.group(
  Api,
  "status",
  Effect.fn(function* (handlers) {
    const { notices } = yield* Status
    return handlers.handleAll({
      status: Effect.fnUntraced(function* () {
        const degraded = yield* notices
        const status = degraded.length === 0 ? ("ok" as const) : ("degraded" as const)
        return { status, degraded, checkedAt: yield* DateTime.now }
      })
    })
  })
)
