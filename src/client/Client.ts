/**
 * The shape of the client: a method for every endpoint of the API, grouped as there.
 *
 * A method takes what the endpoint takes (`params`, `query`, `payload`; `{}` when there is nothing), and how this one
 * call is to be made. It fails with what the endpoint declares and with what may happen to any request.
 */
import type { Duration, Effect } from "effect"
import type { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware } from "effect/http-api"
import type { AppError } from "../errors.ts"
import type { Api } from "../http/Api.ts"
import type { Anywhere, NoAnswer, NotSent, Refused, UnknownProblem } from "./failures.ts"

export interface CallOptions {
  /** Of what is made under a key: the intent. Made up unless given; give it to go on after a restart of your own. */
  readonly idempotencyKey?: string
  /** The ETag of the order as it was read; cancelling needs it. */
  readonly ifMatch?: string
  /** Seconds to wait for the outcome of an order, 0 to 30 (`Prefer: wait`); the server's 5 unless given. */
  readonly waitSeconds?: number
  /** For all attempts and pauses together; the client's own unless given. */
  readonly deadline?: Duration.Input
}

export interface ClientOptions {
  /** Such as `https://shop.example.com`. */
  readonly baseUrl: string
  /** What `sessions.logIn` answered. */
  readonly token?: string
  /** For all attempts and pauses of a call together. 30 seconds unless given. */
  readonly deadline?: Duration.Input
  /** Of one call, the first included. 4 unless given. */
  readonly attempts?: number
}

type Part<Name extends string, Type> = [Type] extends [never] ? unknown : { readonly [N in Name]: Type }
type Request<E extends HttpApiEndpoint.ConstraintRequest> = Part<"params", E["~Params"]["Type"]> &
  Part<"query", E["~Query"]["Type"]> &
  Part<"payload", E["~Payload"]["Type"]>

/** The tags of what an endpoint and its middleware declare. */
type Declared<E extends HttpApiEndpoint.ConstraintRequest> = Extract<
  E["~Error"]["Type"] | HttpApiMiddleware.Error<E["~Middleware"]>,
  AppError
>["_tag"]

type RefusedAs<T> = T extends AppError["_tag"] ? Refused<T> : never

type Method<E extends HttpApiEndpoint.ConstraintRequest> = (
  request: Request<E>,
  options?: CallOptions
) => Effect.Effect<E["~Success"]["Type"], RefusedAs<Declared<E> | Anywhere> | UnknownProblem | NoAnswer | NotSent>

type Methods<Endpoints> = {
  readonly [Name in keyof Endpoints]: Endpoints[Name] extends HttpApiEndpoint.ConstraintRequest
    ? Method<Endpoints[Name]>
    : never
}

/** For the payment provider, for a browser, and for tests. */
export const leftOut = ["webhooks", "documentation", "panic"] as const
type Groups = typeof Api extends HttpApi.HttpApi<infer _Id, infer All> ? All : never

export type Client = {
  readonly [Group in Groups as Exclude<HttpApiGroup.Identifier<Group>, (typeof leftOut)[number]>]: Methods<
    Group["endpoints"]
  >
}
