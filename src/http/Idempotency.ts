/**
 * Reads the Idempotency-Key of a request, and says how long a key is kept.
 *
 * 8 to 255 visible ASCII characters; the quoted form of the header's draft is the same key without its quotes.
 */
import { DateTime, Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import type { Deferred } from "../jobs/spool/Deferred.ts"
import type { Placed } from "../orders/Orders.ts"
import { keyDays } from "../orders/OrderStore.ts"
import { IdempotencyKeyInvalid, IdempotencyKeyMissing } from "./errors.ts"

const valid = /^[\x21-\x7e]{8,255}$/

export const idempotencyKey: Effect.Effect<
  string,
  IdempotencyKeyMissing | IdempotencyKeyInvalid,
  HttpServerRequest.HttpServerRequest
> = Effect.flatMap(
  HttpServerRequest.HttpServerRequest,
  (request): Effect.Effect<string, IdempotencyKeyMissing | IdempotencyKeyInvalid> => {
    const given = request.headers["idempotency-key"]
    if (given === undefined || given === "") return Effect.fail(new IdempotencyKeyMissing())
    const key = given.length > 2 && given.startsWith('"') && given.endsWith('"') ? given.slice(1, -1) : given
    return valid.test(key) ? Effect.succeed(key) : Effect.fail(new IdempotencyKeyInvalid())
  }
)

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
export const keyedHeaders = ({
  keyExpiresAt,
  replayed
}: Pick<Placed, "keyExpiresAt" | "replayed">): Readonly<Record<string, string>> => ({
  "idempotency-key-expires": DateTime.formatIso(keyExpiresAt),
  ...(replayed ? { "idempotent-replayed": "true" } : {})
})
