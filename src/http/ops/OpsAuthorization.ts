/**
 * Who operates: a bearer token of the settings, or the cookie of somebody who signed in with one, becomes a name and a
 * role; or the request is refused.
 *
 * Tokens are compared by their digests, all of them, in constant time. A viewer reads; whoever changes something is an
 * operator, and its name goes into the audit. Who changes something by cookie sends the page's token along.
 */
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { Headers, HttpServerRequest } from "effect/http"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { Forbidden } from "../errors.ts"
import { failsWith } from "../failsWith.ts"
import { OperatorUnknown } from "./errors.ts"
import { cookieName, OperatorSessions } from "./OperatorSessions.ts"
import { knownOperators, type Operator, OperatorTokens, whoShows } from "./OperatorTokens.ts"

export class CurrentOperator extends Context.Service<CurrentOperator, Operator>()("holdfast/http/CurrentOperator") {}

/**
 * A middleware reads the request that it stands before.
 *
 * @effect-expect-leaking HttpServerRequest | ParsedSearchParams | RouteContext
 */
export class OpsAuthorization extends HttpApiMiddleware.Service<OpsAuthorization, { provides: CurrentOperator }>()(
  "holdfast/http/OpsAuthorization",
  {
    security: {
      bearer: HttpApiSecurity.bearer,
      cookie: HttpApiSecurity.apiKey({ in: "cookie", key: cookieName })
    },
    error: failsWith("OperatorUnknown", "Forbidden")
  }
) {
  static readonly layer = Layer.effect(
    OpsAuthorization,
    Effect.gen(function* () {
      const sessions = yield* OperatorSessions
      const known = knownOperators(yield* OperatorTokens)
      const as =
        (operator: Operator) =>
        <A, E, R>(app: Effect.Effect<A, E, R>) =>
          Effect.annotateLogs(Effect.provideService(app, CurrentOperator, operator), { operator: operator.name })

      return {
        bearer: (app, { credential }) => {
          const found = whoShows(known, credential)
          if (found === undefined) return Effect.fail(new OperatorUnknown())
          return as({ name: found.name, role: found.role })(app)
        },
        cookie: Effect.fnUntraced(function* (app, { credential }) {
          const cookie = Redacted.value(credential)
          const operator = Option.getOrUndefined(yield* sessions.operatorOf(cookie))
          if (operator === undefined) return yield* new OperatorUnknown()
          const { headers, method } = yield* HttpServerRequest.HttpServerRequest
          const given = Option.getOrElse(Headers.get(headers, "x-csrf-token"), () => "")
          if (method !== "GET" && method !== "HEAD" && !sessions.isCsrfOf(cookie, given)) return yield* new Forbidden()
          return yield* as(operator)(app)
        })
      }
    })
  )
}

/** The operator's name, for the audit; a viewer is refused. */
export const mayChange: Effect.Effect<string, Forbidden, CurrentOperator> = Effect.flatMap(
  CurrentOperator,
  ({ name, role }) => (role === "operator" ? Effect.succeed(name) : Effect.fail(new Forbidden()))
)
