/** Who of the shop's accounts may act as its operators: given and taken back with a reason, which is kept. */
import { Effect } from "effect"
import { Database } from "../database/Database.ts"
import { recordAction } from "../jobs/audit.ts"
import type { By } from "../jobs/Job.ts"
import type { Role, UserId } from "../users/User.ts"
import { Users } from "../users/Users.ts"

const actions: Readonly<Record<Role, string>> = { operator: "operator.add", customer: "operator.remove" }

/** In force from the account's next request on, in sessions that are open too. Safe to repeat. */
export const changingRoles = Effect.gen(function* () {
  const [database, users] = [yield* Database, yield* Users]
  return Effect.fn("operators.changeRole")(function* (id: UserId, role: Role, by: By) {
    yield* database.transaction("operators.change_role", (sql) =>
      Effect.andThen(users.setRole(id, role), recordAction(sql, { ...by, action: actions[role], target: id }))
    )
    return { user_id: id, role }
  })
})
