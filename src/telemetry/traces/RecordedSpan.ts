/**
 * Spans of this process, kept until what they belong to has ended: only then is it known whether it failed or was slow.
 *
 * A span says its name, its times, codes and ids; never a message, a stack or a value. Where one fails, its `error.type` is
 * the name of the error.
 */
import { type Cause, type Context, Exit, Option, type Tracer } from "effect"
import type { AttributeValue } from "./Tracing.ts"

/** What entered once, and all its spans here: kept together, or not at all. */
export interface LocalTrace {
  readonly traceId: string
  /** Decided before anything was known of it, or by whoever called. */
  readonly sampled: boolean
  readonly ended: Array<RecordedSpan>
  /** Begun, the ones that are not taken any more included. */
  begun: number
  state: "open" | "kept" | "left"
}

export interface SpanKeeping {
  readonly nextSpanId: () => string
  readonly ended: (span: RecordedSpan) => void
}

interface SpanStart {
  readonly name: string
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly links: Array<Tracer.SpanLink>
  readonly startTime: bigint
  readonly kind: Tracer.SpanKind
}

const isPlain = (value: unknown): value is AttributeValue =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"

export class RecordedSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly trace: LocalTrace
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly links: Array<Tracer.SpanLink>
  readonly kind: Tracer.SpanKind
  readonly startTime: bigint
  name: string
  status: Tracer.SpanStatus
  errorType: string | undefined = undefined
  endTime = 0n
  private readonly keeping: SpanKeeping
  private id: string | undefined = undefined
  private said: Map<string, AttributeValue> | undefined = undefined

  constructor(start: SpanStart, trace: LocalTrace, keeping: SpanKeeping) {
    this.name = start.name
    this.parent = start.parent
    this.annotations = start.annotations
    this.links = start.links
    this.kind = start.kind
    this.startTime = start.startTime
    this.status = { _tag: "Started", startTime: start.startTime }
    this.trace = trace
    this.keeping = keeping
  }

  get traceId(): string {
    return this.trace.traceId
  }

  get spanId(): string {
    return (this.id ??= this.keeping.nextSpanId())
  }

  get sampled(): boolean {
    return this.trace.sampled
  }

  get attributes(): Map<string, AttributeValue> {
    return (this.said ??= new Map())
  }

  /** Whether anything was said of it: asking for `attributes` makes them. */
  get isSilent(): boolean {
    return this.said === undefined
  }

  attribute(key: string, value: unknown): void {
    if (key === "error.type") this.errorType = String(value)
    else if (isPlain(value)) this.attributes.set(key, value)
  }

  /** Attempts are spans of their own, and there is nothing else to tell of. */
  event(): void {}

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    for (const link of links) this.links.push(link)
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.endAs(endTime, exit._tag === "Failure" ? errorTypeOf(exit.cause) : undefined)
  }

  /** What it ended with is not kept: a span may wait for long, and answers are large. */
  endAs(endTime: bigint, errorType: string | undefined): void {
    if (this.status._tag === "Ended") return
    this.status = { _tag: "Ended", startTime: this.startTime, endTime, exit: Exit.void }
    this.endTime = endTime
    this.errorType ??= errorType
    this.keeping.ended(this)
  }
}

/** The name of what went wrong; none for what was only interrupted: nobody waited for it any more. */
const errorTypeOf = (cause: Cause.Cause<unknown>): string | undefined => {
  for (const reason of cause.reasons) {
    if (reason._tag === "Die") return "defect"
    if (reason._tag === "Fail") return tagOf(reason.error)
  }
  return undefined
}

const tagOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string"
    ? error._tag
    : "error"

/** A span that is not recorded: what is below it is below the one that is. */
export class ThroughSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly recorded: RecordedSpan | undefined
  readonly annotations: Context.Context<never>
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly status: Tracer.SpanStatus
  readonly links: ReadonlyArray<Tracer.SpanLink> = []
  private readonly around: Tracer.AnySpan | undefined

  constructor(start: SpanStart) {
    this.parent = start.parent
    this.around = Option.getOrUndefined(start.parent)
    this.recorded = recordedAt(this.around)
    this.annotations = start.annotations
    this.name = start.name
    this.kind = start.kind
    this.status = { _tag: "Started", startTime: start.startTime }
  }

  get attributes(): ReadonlyMap<string, unknown> {
    return new Map()
  }

  get traceId(): string {
    return this.around?.traceId ?? "noop"
  }

  get spanId(): string {
    return this.around?.spanId ?? "noop"
  }

  get sampled(): boolean {
    return this.around?.sampled ?? false
  }

  end(): void {}
  attribute(): void {}
  event(): void {}
  addLinks(): void {}
}

export const recordedAt = (span: Tracer.AnySpan | undefined): RecordedSpan | undefined =>
  span instanceof RecordedSpan ? span : span instanceof ThroughSpan ? span.recorded : undefined
