/**
 * Who asks: a bearer token becomes a `Principal`, or the request is refused.
 *
 * The refusal is the same whatever is wrong with the token. Roles are checked in handlers, by `operatorsOnly`.
 */
import { Context, Effect, Layer } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { type Principal, Sessions } from "../users/Sessions.ts"
import { Forbidden } from "./errors.ts"
import { failsWith } from "./failsWith.ts"

export class CurrentPrincipal extends Context.Service<CurrentPrincipal, Principal>()(
  "holdfast/http/CurrentPrincipal"
) {}

export class Authorization extends HttpApiMiddleware.Service<Authorization, { provides: CurrentPrincipal }>()(
  "holdfast/http/Authorization",
  {
    security: { bearer: HttpApiSecurity.bearer },
    error: failsWith("Unauthenticated", "DatabaseUnavailable", "QueryTimeout")
  }
) {
  static readonly layer = Layer.effect(
    Authorization,
    Effect.map(Sessions, (sessions) => ({
      bearer: (app, { credential }) =>
        Effect.flatMap(sessions.authenticate(credential), (principal) =>
          Effect.annotateLogs(Effect.provideService(app, CurrentPrincipal, principal), { user_id: principal.userId })
        )
    }))
  )
}

/** Lets operators through. */
export const operatorsOnly: Effect.Effect<Principal, Forbidden, CurrentPrincipal> = Effect.flatMap(
  CurrentPrincipal,
  (principal) => (principal.role === "operator" ? Effect.succeed(principal) : Effect.fail(new Forbidden()))
)
