/**
 * Who operates: a bearer token of the settings becomes a name and a role, or the request is refused.
 *
 * Tokens are compared by their digests, all of them, in constant time. A viewer reads; whoever changes something is an
 * operator, and its name goes into the audit.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import { Context, Effect, Layer, Redacted } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { Forbidden } from "../errors.ts"
import { failsWith } from "../failsWith.ts"
import { OperatorUnknown } from "./errors.ts"

export interface Operator {
  readonly name: string
  readonly role: "viewer" | "operator"
}

/** Everyone who may use the operators' port. */
export class OperatorTokens extends Context.Service<
  OperatorTokens,
  ReadonlyArray<Operator & { readonly token: Redacted.Redacted }>
>()("holdfast/http/OperatorTokens") {}

export class CurrentOperator extends Context.Service<CurrentOperator, Operator>()("holdfast/http/CurrentOperator") {}

const digest = (token: Redacted.Redacted) => createHash("sha256").update(Redacted.value(token)).digest()

export class OpsAuthorization extends HttpApiMiddleware.Service<OpsAuthorization, { provides: CurrentOperator }>()(
  "holdfast/http/OpsAuthorization",
  { security: { bearer: HttpApiSecurity.bearer }, error: failsWith("OperatorUnknown") }
) {
  static readonly layer = Layer.effect(
    OpsAuthorization,
    Effect.map(OperatorTokens, (tokens) => {
      const known = tokens.map(({ name, role, token }) => ({ operator: { name, role }, digest: digest(token) }))
      return {
        bearer: (app, { credential }) => {
          const given = digest(credential)
          let found: { readonly operator: Operator } | undefined
          for (const each of known) if (timingSafeEqual(each.digest, given)) found = each
          return found === undefined
            ? Effect.fail(new OperatorUnknown())
            : Effect.annotateLogs(Effect.provideService(app, CurrentOperator, found.operator), {
                operator: found.operator.name
              })
        }
      }
    })
  )
}

/** The operator's name, for the audit; a viewer is refused. */
export const mayChange: Effect.Effect<string, Forbidden, CurrentOperator> = Effect.flatMap(
  CurrentOperator,
  ({ name, role }) => (role === "operator" ? Effect.succeed(name) : Effect.fail(new Forbidden()))
)
