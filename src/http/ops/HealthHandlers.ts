/** Answers the probes. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { NodeDraining, NodeNotReady } from "../../ops/errors.ts"
import { failing, Health, type HealthReport, unready } from "../../ops/Health.ts"
import { Api } from "../Api.ts"

export const healthHandlers = HttpApiBuilder.group(
  Api,
  "health",
  Effect.fn(function* (handlers) {
    const health = yield* Health
    const unless = (wrong: (report: HealthReport) => ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const report = yield* health.report
        const { checks } = report
        if (report.draining) return yield* new NodeDraining({ checks })
        if (wrong(report).length > 0) return yield* new NodeNotReady({ checks })
        const whole = Object.values(checks).every((check) => check.status === "ok")
        return { status: whole ? ("ok" as const) : ("degraded" as const), checks }
      })
    const ready = unless(unready)
    return handlers.handleAll({
      live: () => Effect.succeed({ status: "ok" as const }),
      ready: () => ready,
      readyAlias: () => ready,
      startup: () => ready,
      health: () => unless(failing)
    })
  })
)
