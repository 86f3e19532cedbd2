/**
 * Reads the Idempotency-Key of a request, and says how long a key is kept.
 *
 * 8 to 255 visible ASCII characters; the quoted form of the header's draft is the same key without its quotes.
 */
import { DateTime, Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import type { Deferred } from "../jobs/spool/Deferred.ts"
import { type KeptKey, WhenRefused } from "../orders/keptKey.ts"
import { keyDays } from "../orders/OrderStore.ts"
import { CurrentRequest } from "./CurrentRequest.ts"
import { type FieldError, IdempotencyKeyInvalid, IdempotencyKeyMissing } from "./errors.ts"

const valid = /^[\x21-\x7e]{8,255}$/

const keyIn = (given: string | undefined): string | IdempotencyKeyMissing | IdempotencyKeyInvalid => {
  if (given === undefined || given === "") return new IdempotencyKeyMissing()
  const key = given.length > 2 && given.startsWith('"') && given.endsWith('"') ? given.slice(1, -1) : given
  return valid.test(key) ? key : new IdempotencyKeyInvalid()
}

export const idempotencyKey: Effect.Effect<
  string,
  IdempotencyKeyMissing | IdempotencyKeyInvalid,
  HttpServerRequest.HttpServerRequest
> = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
  const key = keyIn(headers["idempotency-key"])
  return typeof key === "string" ? Effect.succeed(key) : Effect.fail(key)
})

/** What is wrong with the key of a request whose fields are wrong as well, as one of them. */
export const keyFieldErrors = (given: string | undefined, isRequired: boolean): ReadonlyArray<FieldError> => {
  const key = given === undefined && !isRequired ? "" : keyIn(given)
  if (typeof key === "string") return []
  const code = key._tag === "IdempotencyKeyMissing" ? "required" : "invalid_format"
  return [{ in: "headers", pointer: "/idempotency-key", code, message: key.message }]
}

/** Where a key is a choice: without the header there is none. */
export const idempotencyKeyIfAny: Effect.Effect<
  string | undefined,
  IdempotencyKeyMissing | IdempotencyKeyInvalid,
  HttpServerRequest.HttpServerRequest
> = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
  headers["idempotency-key"] === undefined ? Effect.undefined : idempotencyKey
)

/** The key of an account is as good as the account, so it is always kept for as long as any. */
export const keyOfAccount = (replayed: boolean) =>
  Effect.map(DateTime.now, (now) => keyedHeaders({ keyExpiresAt: DateTime.add(now, { days: keyDays }), replayed }))

/** The key of a deferred write, from when it was taken. */
export const keyOfDeferred = ({ acceptedAt }: Deferred, replayed: boolean) =>
  keyedHeaders({ keyExpiresAt: DateTime.add(acceptedAt, { days: keyDays }), replayed })

/** The headers of an answer to a keyed request. */
export const keyedHeaders = ({ keyExpiresAt, replayed }: KeptKey): Readonly<Record<string, string>> => ({
  "idempotency-key-expires": DateTime.formatIso(keyExpiresAt),
  ...(replayed ? { "idempotent-replayed": "true" } : {})
})

/** A wish whose refusal says of its key what an order would, if it is kept under it. */
export const withKeyTold = <A, E, R>(wish: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(CurrentRequest, ({ told }) =>
    Effect.provideService(wish, WhenRefused, (key) => void (told.keyed = keyedHeaders(key)))
  )
