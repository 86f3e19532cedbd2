/** Spans and log lines as OTLP's JSON. Texts pass the redaction and are cut short, so that each has a largest size. */
import { Option, type Tracer } from "effect"
import { redact } from "../redaction.ts"
import type { RecordedSpan } from "../traces/RecordedSpan.ts"

/** Characters of a text in an attribute. Ids, codes and names are shorter. */
const longestText = 256
/** Fields of a log line: the redaction lets as many through. */
const mostAttributes = 50

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const satisfies Record<
  Tracer.SpanKind,
  number
>
const failed = { code: 2 }
const unset = { code: 0 }

const valueOf = (value: unknown) => {
  if (typeof value === "boolean") return { boolValue: value }
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return { stringValue: (text ?? "").slice(0, longestText) }
}

export const attributesOf = (entries: Iterable<readonly [string, unknown]>) => {
  const attributes: Array<{ readonly key: string; readonly value: ReturnType<typeof valueOf> }> = []
  for (const [key, value] of entries) {
    if (attributes.length < mostAttributes) attributes.push({ key, value: valueOf(value) })
  }
  return attributes
}

const saidOf = (span: RecordedSpan) => {
  const said = span.isSilent ? [] : [...span.attributes].map(([key, value]) => [key, redact(value)] as const)
  return attributesOf(span.errorType === undefined ? said : [...said, ["error.type", span.errorType]])
}

export const encodeSpan = (span: RecordedSpan): string =>
  JSON.stringify({
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: Option.isSome(span.parent) ? span.parent.value.spanId : undefined,
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: String(span.startTime),
    endTimeUnixNano: String(span.endTime),
    attributes: saidOf(span),
    links: span.links.map(({ span: { spanId, traceId } }) => ({ traceId, spanId })),
    status: span.errorType === undefined ? unset : failed
  })

export interface LogRecord {
  readonly millis: number
  readonly level: string
  readonly message: string
  /** Redacted already. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly trace: Tracer.AnySpan | undefined
}

/** OpenTelemetry's numbers: the first of each range. */
const severities: Readonly<Record<string, number>> = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 }

export const encodeLog = ({ fields, level, message, millis, trace }: LogRecord): string =>
  JSON.stringify({
    timeUnixNano: `${millis}000000`,
    severityNumber: severities[level] ?? 0,
    severityText: level,
    body: { stringValue: message },
    attributes: attributesOf(Object.entries(fields)),
    traceId: trace?.traceId,
    spanId: trace?.spanId
  })
