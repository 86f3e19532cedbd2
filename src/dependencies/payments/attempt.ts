/**
 * One attempt of one operation: sent, classified, and logged when only a person can put it right.
 *
 * Fails with `TransientFailure`, for the kit, or with `StillRunning`, which is no fault of the provider's and so must
 * neither be repeated at once nor open the circuit; everything certain is a verdict. A write takes its key from the
 * kit's call, so it cannot be sent without one.
 */
import { Clock, Effect } from "effect"
import type { Duration } from "effect"
import { DependencyUnavailable, TransientFailure, WriteKey } from "../../resilience/index.ts"
import { classify } from "./classify.ts"
import type { PaymentKeyReused, PaymentOperation } from "./errors.ts"
import type { Exchange, ProviderRequest } from "./exchange.ts"
import { keyIsOurs } from "./interpret.ts"
import type { Answered } from "./interpret.ts"

type Request = Omit<ProviderRequest, "key">

/** A request with the same key, or on the same payment, is being carried out at this moment. */
export class StillRunning {
  readonly _tag = "StillRunning" as const
  readonly retryAfter: Duration.Duration
  constructor(retryAfter: Duration.Duration) {
    this.retryAfter = retryAfter
  }
}

export interface Attempt {
  readonly read: (
    operation: PaymentOperation,
    request: Request
  ) => Effect.Effect<Answered, StillRunning | TransientFailure>
  readonly write: (
    operation: PaymentOperation,
    request: Request
  ) => Effect.Effect<Answered, PaymentKeyReused | StillRunning | TransientFailure, WriteKey>
}

export const attemptOver = (exchange: Exchange): Attempt => {
  const settle = Effect.fnUntraced(function* (
    operation: PaymentOperation,
    request: ProviderRequest
  ): Effect.fn.Return<Answered, StillRunning | TransientFailure> {
    const answer = yield* exchange(request)
    const verdict = classify(answer, yield* Clock.currentTimeMillis)
    const providerRequest = plainId(answer.headers["request-id"])
    if (verdict._tag === "InProgress") return yield* Effect.fail(new StillRunning(verdict.retryAfter))
    if (verdict._tag !== "Unsettled") return { operation, verdict, providerRequest }
    if (verdict.alarm)
      yield* Effect.logFatal("the payment provider's answer needs an operator").pipe(
        Effect.annotateLogs({ operation, reason: verdict.failure.reason, providerRequest })
      )
    return yield* Effect.fail(verdict.failure)
  })
  return {
    read: settle,
    write: (operation, request) =>
      Effect.flatMap(WriteKey, (key) => settle(operation, { ...request, key })).pipe(Effect.flatMap(keyIsOurs))
  }
}

/** The provider's support asks for it; anything that is not plainly an id is dropped. */
const plainId = (id: string | undefined) => (id !== undefined && /^[\w-]{1,64}$/.test(id) ? id : undefined)

/** To a caller, what is still running is like any other answer that did not come: it may have taken effect. */
export const unlessRunning = <A, E, R>(call: Effect.Effect<A, E | StillRunning, R>) =>
  Effect.catchIf(
    call,
    (error: E | StillRunning): error is StillRunning => error instanceof StillRunning,
    ({ retryAfter }) => {
      const last = new TransientFailure({ reason: "in_progress", sent: "maybe", retryAfter })
      return Effect.fail(new DependencyUnavailable("payments", "Exhausted", "maybe", 1, retryAfter, last))
    }
  )
