/**
 * What operators change about this node's log, each change kept: in the database, and in the log itself.
 *
 * It is in force before it is kept, and also when it cannot be kept: with the database away is when somebody looks.
 */
import { Clock, Effect } from "effect"
import { OperatorsDatabase } from "../database/OperatorsDatabase.ts"
import { recordAction } from "../jobs/audit.ts"
import type { By } from "../jobs/Job.ts"
import { type Level, LogLevels, type Module } from "../telemetry/LogLevels.ts"

/** An operator waits this long to hear that it is kept. */
const keptWithin = "1 second"

export const logLevels = Effect.gen(function* () {
  const board = yield* LogLevels
  const database = yield* OperatorsDatabase

  const kept = (by: By, action: string, module: Module, detail: Readonly<Record<string, string>>) =>
    database
      .transaction("log_levels.audit", (sql) => recordAction(sql, { ...by, action, target: `log:${module}`, detail }))
      .pipe(
        Effect.timeoutOption(keptWithin),
        Effect.match({ onFailure: () => false, onSuccess: ({ _tag }) => _tag === "Some" }),
        Effect.flatMap((audited) =>
          Effect.logWarning("an operator changed how much is logged", {
            severity: "expected",
            action,
            of: module,
            audited,
            ...by,
            ...detail
          })
        )
      )

  return {
    base: board.base,
    inForce: Effect.map(Clock.currentTimeMillis, (now) => board.inForce(now)),
    set: Effect.fn("logLevels.set")(function* (module: Module, level: Level, until: number, by: By) {
      board.set({ module, level, ...by, since: yield* Clock.currentTimeMillis, until })
      yield* kept(by, "log_level.set", module, { level, until: String(until) })
    }),
    reset: Effect.fn("logLevels.reset")(function* (module: Module, by: By) {
      board.reset(module)
      yield* kept(by, "log_level.reset", module, {})
    })
  }
})
