/** The last that operators changed, whatever it was: who, what, why. The newest first. */
import { DateTime, Effect } from "effect"
import { OperatorsDatabase } from "../database/OperatorsDatabase.ts"

export interface Audited {
  readonly at: DateTime.Utc
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly reason: string
}

/** What fits on a screen; the tables keep everything. */
const mostShown = 25

export const auditTail = Effect.map(OperatorsDatabase, (database) =>
  database
    .read(
      "ops.audit",
      (sql) => sql<Omit<Audited, "at"> & { readonly at: Date }>`
        select * from (
          (select at, actor, action, target, reason from operator_actions order by id desc limit ${mostShown})
          union all
          (select recorded_at, actor, 'switch.' || kind || '.' || change, target, reason from kill_switch_audit
            order by recorded_at desc, change_id desc limit ${mostShown})) lately
        order by at desc limit ${mostShown}`
    )
    .pipe(Effect.map((rows) => rows.map((row): Audited => ({ ...row, at: DateTime.fromDateUnsafe(row.at) }))))
)
