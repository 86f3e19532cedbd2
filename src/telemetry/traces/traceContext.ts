/**
 * Which trace something belongs to, as W3C Trace Context writes it: `00-<trace>-<span>-<flags>`.
 *
 * What cannot be read is ignored: the trace then begins here. Only the flag `sampled` means anything to this process.
 */
import { Context, type Fiber, Option, Tracer } from "effect"

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const nothing = /^0+$/

/** `undefined` when there is none, or none that follows the standard. */
export const parseTraceparent = (header: string | undefined): Tracer.ExternalSpan | undefined => {
  if (header === undefined || header.length > 512) return undefined
  const [, version = "", traceId = "", spanId = "", flags = "", more] = form.exec(header) ?? []
  if (traceId === "" || version === "ff" || (version === "00" && more !== undefined)) return undefined
  if (nothing.test(traceId) || nothing.test(spanId)) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

export const formatTraceparent = ({ sampled, spanId, traceId }: Tracer.AnySpan): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`

/** What Effect gives a span that nobody records. */
const unrecorded = "noop"

/** The innermost span around a fiber that has ids; none where nobody entered. */
export const traceOf = (fiber: Fiber.Fiber<unknown, unknown>): Tracer.AnySpan | undefined => {
  let span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  while (span?._tag === "Span" && span.traceId === unrecorded) span = Option.getOrUndefined(span.parent)
  return span
}
