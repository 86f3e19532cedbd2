/**
 * Who asks: a bearer token becomes a `Principal`, or the request is refused.
 *
 * The refusal is the same whatever is wrong with the token. While the database is down, a session can neither be known
 * nor refused: that is a 503, unless the endpoint trusts the token. Roles are checked in handlers, by `operatorsOnly`.
 */
import { Context, Effect, Layer } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { knownToTheDatabase, type Principal, Sessions } from "../users/Sessions.ts"
import { Forbidden } from "./errors.ts"
import { failsWith } from "./failsWith.ts"

export class CurrentPrincipal extends Context.Service<CurrentPrincipal, Principal>()(
  "holdfast/http/CurrentPrincipal"
) {}

const failures = failsWith("Unauthenticated", "DatabaseUnavailable", "QueryTimeout")
const security = { bearer: HttpApiSecurity.bearer }

/** Lets in whom the database knows, and nobody while it cannot say. */
export class Authorization extends HttpApiMiddleware.Service<Authorization, { provides: CurrentPrincipal }>()(
  "holdfast/http/Authorization",
  { security, error: failures }
) {
  static readonly layer = Layer.effect(
    Authorization,
    Effect.map(Sessions, (sessions) => ({
      bearer: (app, { credential }) =>
        Effect.flatMap(Effect.flatMap(sessions.authenticate(credential), knownToTheDatabase), (principal) =>
          as(principal)(app)
        )
    }))
  )
}

/**
 * Lets in, besides, who is taken at their word while the database is down. For endpoints that show what was known last
 * or take in what is decided later, and do nothing else: `trust` tells which of both it is.
 */
export class TrustingAuthorization extends HttpApiMiddleware.Service<
  TrustingAuthorization,
  { provides: CurrentPrincipal }
>()("holdfast/http/TrustingAuthorization", { security, error: failures }) {
  static readonly layer = Layer.effect(
    TrustingAuthorization,
    Effect.map(Sessions, (sessions) => ({
      bearer: (app, { credential }) =>
        Effect.flatMap(sessions.authenticate(credential), (principal) => as(principal)(app))
    }))
  )
}

const as =
  (principal: Principal) =>
  <A, E, R>(app: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, CurrentPrincipal>> =>
    Effect.annotateLogs(Effect.provideService(app, CurrentPrincipal, principal), { user_id: principal.userId })

/** Lets operators through. */
export const operatorsOnly: Effect.Effect<Principal, Forbidden, CurrentPrincipal> = Effect.flatMap(
  CurrentPrincipal,
  (principal) => (principal.role === "operator" ? Effect.succeed(principal) : Effect.fail(new Forbidden()))
)
