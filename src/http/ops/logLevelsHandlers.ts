/** Unpacks how much operators want to read, and shows what is in force on this node. */
import { DateTime, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { logLevels } from "../../ops/logLevels.ts"
import { type Level, levels, longestMillis, modules } from "../../telemetry/LogLevels.ts"
import { ValidationFailed } from "../errors.ts"
import { OpsApi } from "./OpsApi.ts"
import { mayChange } from "./OpsAuthorization.ts"

const outOfRange = new ValidationFailed({
  truncated: false,
  errors: [
    { in: "payload", pointer: "/expires_at", code: "out_of_range", message: "Name a time within the next 24 hours." }
  ]
})

const named = Object.keys(levels) as ReadonlyArray<Level>

export const logLevelsHandlers = HttpApiBuilder.group(
  OpsApi,
  "logLevels",
  Effect.fn(function* (handlers) {
    const { base, inForce, reset, set } = yield* logLevels
    const otherwise = named.find((level) => levels[level] === base) ?? "info"
    const shown = Effect.map(inForce, (orders) => ({
      default: otherwise,
      data: modules.map((module) => {
        const order = orders.find((each) => each.module === module)
        return {
          module,
          level: order?.level ?? otherwise,
          actor: order?.actor ?? null,
          reason: order?.reason ?? null,
          since: order === undefined ? null : DateTime.makeUnsafe(order.since),
          expires_at: order === undefined ? null : DateTime.makeUnsafe(order.until)
        }
      })
    }))
    return handlers.handleAll({
      list: () => shown,
      set: Effect.fnUntraced(function* ({ payload: { expires_at, level, module, reason } }) {
        const by = { actor: yield* mayChange, reason }
        const left = DateTime.toEpochMillis(expires_at) - DateTime.toEpochMillis(yield* DateTime.now)
        if (left <= 0 || left > longestMillis) return yield* outOfRange
        yield* set(module, level, DateTime.toEpochMillis(expires_at), by)
        return yield* shown
      }),
      reset: Effect.fnUntraced(function* ({ payload: { module, reason } }) {
        yield* reset(module, { actor: yield* mayChange, reason })
        return yield* shown
      })
    })
  })
)
