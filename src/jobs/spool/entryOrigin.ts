/**
 * Where a deferred write comes from, kept beside what was asked: its job goes on with the trace of the request that handed
 * it in, hours later and on another node.
 */
import { Context, Effect, Tracer } from "effect"
import { AskedBy } from "../../telemetry/AskedBy.ts"
import { parseTraceparent } from "../../telemetry/traces/traceContext.ts"
import type { Origin } from "../origin.ts"
import type { Entry } from "./Spool.ts"

type Payload = Entry["payload"]

export const withOrigin = (payload: Payload, { requestId, traceparent }: Origin): Payload => ({
  ...payload,
  ...(requestId === undefined ? {} : { requestId }),
  ...(traceparent === undefined ? {} : { traceparent })
})

const textAt = (payload: Payload, name: string): string | undefined => {
  const value = payload[name]
  return typeof value === "string" ? value : undefined
}

/** As if that request did it. */
export const asOf = (entry: Entry): (<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => {
  const trace = parseTraceparent(textAt(entry.payload, "traceparent"))
  const asked = Context.make(AskedBy, textAt(entry.payload, "requestId"))
  return Effect.provideContext(trace === undefined ? asked : Context.add(asked, Tracer.ParentSpan, trace))
}
