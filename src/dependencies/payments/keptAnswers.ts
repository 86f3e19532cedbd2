/**
 * Answers kept under idempotency keys, with the provider's rules, in memory.
 *
 * The same key with the same request gives the first answer again, a refusal by the bank included; with another request
 * it is `PaymentKeyReused`. A request that was refused before anything was done leaves its key free. Kept 24 hours.
 */
import { Clock, Effect } from "effect"
import type { IdempotencyKey } from "../../resilience/index.ts"
import { PaymentKeyReused, PaymentRefused } from "./errors.ts"
import type { PaymentOperation } from "./errors.ts"

const lifeMillis = 24 * 60 * 60 * 1000

interface Kept {
  readonly request: string
  readonly answer: Effect.Effect<unknown, unknown>
  readonly at: number
}

/** One decision under its key; `request` is all that makes the request what it is. */
export type Once = <A, E>(
  operation: PaymentOperation,
  key: IdempotencyKey,
  request: unknown,
  decide: () => Effect.Effect<A, E | PaymentRefused>
) => Effect.Effect<A, E | PaymentRefused | PaymentKeyReused>

export const makeOnce = (): Once => {
  const kept = new Map<string, Kept>()
  return <A, E>(
    operation: PaymentOperation,
    key: IdempotencyKey,
    request: unknown,
    decide: () => Effect.Effect<A, E | PaymentRefused>
  ) =>
    Effect.flatMap(Clock.currentTimeMillis, (at): Effect.Effect<A, E | PaymentRefused | PaymentKeyReused> => {
      const content = JSON.stringify([operation, request])
      const known = kept.get(key)
      if (known !== undefined && at - known.at <= lifeMillis)
        return known.request === content
          ? (known.answer as ReturnType<typeof decide>) // the same request was decided by the same `decide`
          : Effect.fail(new PaymentKeyReused({ operation }))
      return decide().pipe(
        Effect.tap((value) => keep(kept, key, { request: content, answer: Effect.succeed(value), at })),
        Effect.tapError((error) =>
          error instanceof PaymentRefused
            ? Effect.void
            : keep(kept, key, { request: content, answer: Effect.fail(error), at })
        )
      )
    })
}

const keep = (kept: Map<string, Kept>, key: string, entry: Kept) => Effect.sync(() => kept.set(key, entry))
