/**
 * How an answer says that it is not the live one: a 200 with `Age`, `Cache-Status` (RFC 9211) and a `degraded` member.
 *
 * `since` is the moment that the answer is of: what happened later may be missing from it. Such an answer has no ETag
 * and is never a 304: nobody should keep it for longer than it is shown. A live answer has none of this.
 */
import { DateTime, Duration, Effect, Schema } from "effect"
import type { HttpServerResponse } from "effect/http"
import type { DependencyUnavailable, Fresh, Stale } from "../resilience/index.ts"
import { answeredDegraded } from "./CurrentRequest.ts"
import { respond } from "./responses.ts"

/** `last_good`: as it was known last. `default`: what is assumed when nothing was ever known. */
export const Degradation = Schema.Struct({
  feature: Schema.String,
  mode: Schema.Literals(["last_good", "default"]),
  since: Schema.DateTimeUtcFromString
}).annotate({ identifier: "Degradation" })
export type Degradation = typeof Degradation.Type

/** The member of an answer that may be another than the live one. */
export const degradable = { degraded: Schema.optionalKey(Schema.Array(Degradation)) }
interface Degradable {
  readonly degraded?: ReadonlyArray<Degradation>
}

/** A reason as RFC 9211 wants a detail: a token. */
export const detailOf = ({ last, reason }: DependencyUnavailable) =>
  last?.reason ?? reason.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase()

type Answer = HttpServerResponse.HttpServerResponse

const respondLive = <A, I>(schema: Schema.Codec<A, I>, value: A): Effect.Effect<Answer> =>
  respond(schema, value, { status: 200 })

/** 200 with what was known at this moment. */
export const respondAsOf = <A, I>(
  schema: Schema.Codec<A & Degradable, I>,
  value: A,
  known: { readonly feature: string; readonly asOf: DateTime.Utc; readonly detail: string }
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.flatMap(DateTime.now, (now) => {
    const age = Math.max(0, Math.floor(Duration.toSeconds(DateTime.distance(known.asOf, now))))
    const degraded: ReadonlyArray<Degradation> = [{ feature: known.feature, mode: "last_good", since: known.asOf }]
    const headers = { age: String(age), "cache-status": `holdfast; hit; ttl=-${age}; detail=${known.detail}` }
    return Effect.andThen(answeredDegraded, respond(schema, { ...value, degraded }, { status: 200, headers }))
  })

/** 200 with what is assumed, since nothing was ever known. */
export const respondByDefault = <A, I>(
  schema: Schema.Codec<A & Degradable, I>,
  value: A,
  assumed: { readonly feature: string; readonly since: DateTime.Utc }
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const degraded: ReadonlyArray<Degradation> = [{ ...assumed, mode: "default" }]
  return Effect.andThen(answeredDegraded, respond(schema, { ...value, degraded }, { status: 200 }))
}

/** 200 with what a read was answered with, made into what is shown; the live answer as `live` has it. */
export const respondSeen = <A, B, I, R = never>(
  schema: Schema.Codec<B & Degradable, I>,
  feature: string,
  seen: Fresh<A> | Stale<A>,
  show: (value: A) => B,
  live: (schema: Schema.Codec<B & Degradable, I>, value: B) => Effect.Effect<Answer, never, R> = respondLive
): Effect.Effect<Answer, never, R> =>
  seen._tag === "Fresh"
    ? live(schema, show(seen.value))
    : Effect.flatMap(DateTime.now, (now) =>
        respondAsOf(schema, show(seen.value), {
          feature,
          asOf: DateTime.subtractDuration(now, seen.age),
          detail: detailOf(seen.because)
        })
      )
