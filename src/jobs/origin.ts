/** Where a job comes from: the trace and the request of whoever makes or wakes it, as his fiber knows them. */
import { Effect } from "effect"
import { AskedBy } from "../telemetry/AskedBy.ts"
import { formatTraceparent, traceOf } from "../telemetry/traces/traceContext.ts"

export interface Origin {
  /** As W3C Trace Context writes it; absent where nobody entered. */
  readonly traceparent: string | undefined
  readonly requestId: string | undefined
}

export const currentOrigin: Effect.Effect<Origin> = Effect.withFiber((fiber) => {
  const trace = traceOf(fiber)
  return Effect.succeed({
    traceparent: trace === undefined ? undefined : formatTraceparent(trace),
    requestId: fiber.getRef(AskedBy)
  })
})
