/**
 * Makes the client out of the API's own contract.
 *
 * Every POST that makes something carries an `Idempotency-Key`, the same on every attempt. Each attempt tells the server
 * how much time is left (`Request-Timeout`); waiting for an outcome is part of the deadline.
 */
import { Clock, Duration, Effect, Random } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpClient } from "effect/http"
import { HttpApi, HttpApiClient } from "effect/http-api"
import { Api } from "../http/Api.ts"
import { operations } from "../http/documentation/operations.ts"
import { tagOf } from "../http/failsWith.ts"
import { waitSecondsDefault } from "../http/limits.ts"
import type { Tag } from "../http/problems.ts"
import { type CallOptions, type Client, type ClientOptions, leftOut } from "./Client.ts"
import { Answered, CurrentExchange, type Exchange, exchanging } from "./exchange.ts"
import { failureOf, NoAnswer, NotSent, type Refused, type UnknownProblem } from "./failures.ts"
import { repeatAfter } from "./repeats.ts"

type Failure = Refused | UnknownProblem | NoAnswer | NotSent

interface Operation {
  /** A repeat that arrives twice does nothing twice. */
  readonly harmless: boolean
  readonly keyed: boolean
  readonly waits: boolean
  readonly declared: ReadonlyArray<Tag>
}

const byDefault = { deadline: Duration.seconds(30), attempts: 4 }

/** The least that a server is told; it reads no shorter time, and an attempt that has less is not worth one. */
const leastSeconds = 0.05

/** A deadline is no further away because somebody sets the clock. */
const monotonicMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/** A client of the API at `baseUrl`, over whatever `HttpClient` there is. */
export const make = Effect.fnUntraced(function* (options: ClientOptions) {
  const http = exchanging(yield* HttpClient.HttpClient)
  const random = yield* SecureRandom.SecureRandom
  const raw = (yield* HttpApiClient.makeWith(Api, {
    httpClient: http,
    baseUrl: options.baseUrl
  })) as unknown as Readonly<
    Record<string, Readonly<Record<string, (request: unknown) => Effect.Effect<unknown, unknown>>>>
  >

  const call = Effect.fnUntraced(function* (
    operation: Operation,
    send: Effect.Effect<unknown, unknown>,
    given: CallOptions
  ) {
    const deadline = Duration.toMillis(
      Duration.fromInputUnsafe(given.deadline ?? options.deadline ?? byDefault.deadline)
    )
    const endsAt = (yield* monotonicMillis) + deadline
    const headers = headersOf(operation, given, options.token, given.idempotencyKey ?? (yield* random.uuidV4()))
    for (let attempts = 1; ; attempts++) {
      const remaining = endsAt - (yield* monotonicMillis)
      const result = yield* Effect.result(attempt(operation, send, headers, remaining))
      if (result._tag === "Success") return result.success
      const failure = result.failure
      const wait = repeatAfter({
        failure,
        attempts,
        attemptsMost: options.attempts ?? byDefault.attempts,
        harmless: operation.harmless,
        remainingMillis: endsAt - (yield* monotonicMillis),
        random: yield* Random.next
      })
      if (wait === undefined) return yield* Effect.fail(failure)
      yield* Effect.sleep(wait)
    }
  })

  const client: Record<string, Record<string, unknown>> = {}
  HttpApi.reflect(Api, {
    predicate: ({ group }) => !leftOut.some((name) => name === group.identifier),
    onGroup: ({ group }) => {
      client[group.identifier] = {}
    },
    onEndpoint: ({ endpoint, errors, group }) => {
      const operation = operationOf(`${group.identifier}.${endpoint.identifier}`, endpoint.method, errors)
      const method = (request: unknown, given: CallOptions = {}) =>
        call(operation, raw[group.identifier]?.[endpoint.identifier]?.(request) ?? Effect.void, given)
      client[group.identifier] = { ...client[group.identifier], [endpoint.identifier]: method }
    }
  })
  // The methods are those of the contract, one by one; that they are put together by their names, no type can follow.
  return client as unknown as Client
})

const operationOf = (
  id: string,
  method: string,
  errors: ReadonlyMap<number, ReadonlyArray<Parameters<typeof tagOf>[0]>>
): Operation => {
  const parameters = operations[id]?.parameters ?? []
  const keyed = parameters.some((name) => name.startsWith("Idempotency-Key"))
  return {
    keyed,
    harmless: keyed || method === "GET" || method === "DELETE",
    waits: parameters.includes("Prefer"),
    declared: [...errors.values()].flat().flatMap((schema) => tagOf(schema) ?? [])
  }
}

const waitOf = (operation: Operation, { waitSeconds = waitSecondsDefault }: CallOptions) =>
  operation.waits ? Math.max(0, Math.floor(waitSeconds)) : 0

const headersOf = (operation: Operation, given: CallOptions, token: string | undefined, key: string) => ({
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  ...(operation.keyed ? { "idempotency-key": key } : {}),
  ...(given.ifMatch === undefined ? {} : { "if-match": given.ifMatch }),
  ...(operation.waits ? { prefer: `wait=${waitOf(operation, given)}` } : {})
})

const attempt = (
  { declared }: Operation,
  send: Effect.Effect<unknown, unknown>,
  headers: Readonly<Record<string, string>>,
  remainingMillis: number
): Effect.Effect<unknown, Failure> =>
  Effect.suspend(() => {
    // The server adds the wait to the time that it is told.
    const waits = Number(/wait=(\d+)/.exec(headers["prefer"] ?? "")?.[1] ?? 0)
    const seconds = Math.max(leastSeconds, remainingMillis / 1000 - waits)
    const exchange: Exchange = { headers: { ...headers, "request-timeout": seconds.toFixed(3) }, sent: false }
    return send.pipe(
      Effect.provideService(CurrentExchange, exchange),
      Effect.mapError((error): Failure => {
        if (error instanceof Answered) return failureOf(error.problem, declared)
        if (error instanceof NoAnswer) return error
        if (!exchange.sent)
          return new NotSent(error instanceof Error ? error.message : "The request cannot be encoded.")
        return new NoAnswer(isOfTheWire(error) ? "connection" : "unreadable")
      }),
      Effect.timeoutOrElse({
        duration: Math.max(0, remainingMillis),
        orElse: () => Effect.fail(new NoAnswer("deadline"))
      })
    )
  })

/** A connection that could not be made, or that broke: not an answer of another shape. */
const isOfTheWire = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "HttpClientError"
