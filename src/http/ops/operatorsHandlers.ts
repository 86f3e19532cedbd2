/** Unpacks who becomes an operator, or is one no longer. */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { changingRoles } from "../../ops/operatorRoles.ts"
import type { Role, UserId } from "../../users/User.ts"
import { OpsApi } from "./OpsApi.ts"
import { mayChange } from "./OpsAuthorization.ts"

interface Asked {
  readonly params: { readonly user_id: UserId }
  readonly payload: { readonly reason: string }
}

export const operatorsHandlers = HttpApiBuilder.group(
  OpsApi,
  "operators",
  Effect.fn(function* (handlers) {
    const changeRole = yield* changingRoles
    const become = (role: Role) =>
      Effect.fnUntraced(function* ({ params, payload }: Asked) {
        return yield* changeRole(params.user_id, role, { actor: yield* mayChange, reason: payload.reason })
      })
    return handlers.handleAll({ add: become("operator"), remove: become("customer") })
  })
)
