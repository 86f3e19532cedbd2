/**
 * Records what enters, and decides at its end: one in ten is kept whatever became of it, what failed or was slow always.
 *
 * Whoever calls with `sampled` set is always kept. The one in ten are told by the trace's id, so that all nodes choose the
 * same ones. What begins outside of a request and of a job (a poll, a sweep) is not recorded: nobody waits for it.
 * Bounded: so many spans a trace, so many that have not been decided about; the rest is counted. The outermost span is
 * always recorded: there are no more of these than requests and jobs under way.
 */
import { Context, Option, Tracer } from "effect"
import { OwnSpan } from "./ownSpan.ts"
import { type LocalTrace, recordedAt, RecordedSpan, type SpanKeeping, ThroughSpan } from "./RecordedSpan.ts"
import type { Ending, Entered, Entry } from "./Tracing.ts"
import { drawIds, spanIdBytes } from "../randomIds.ts"

export const sampledShare = 0.1
/** As long as a read may take at all. An order that waits for its outcome is slow only when its customer thinks so too. */
export const slowMillis = 1_000
/** An order and its payment are some forty. A job that goes through thousands of rows does not fill a collector with them. */
export const mostSpansOfATrace = 500
/** Of all requests and jobs under way together: some 10 MB. */
export const mostUndecidedSpans = 20_000

export class Recorder {
  readonly records = true
  /** Spans that were not recorded, by the bound that they were beyond. */
  readonly left = { undecided: 0, long_trace: 0 }
  undecided = 0
  private readonly keep: (span: RecordedSpan) => void
  private readonly keeping: SpanKeeping

  constructor(keep: (span: RecordedSpan) => void) {
    this.keep = keep
    this.keeping = { nextSpanId: drawIds(spanIdBytes), ended: (span) => this.ended(span) }
  }

  readonly tracer: Tracer.Tracer = Tracer.make({
    span: (start) => {
      const above = recordedAt(Option.getOrUndefined(start.parent))
      const wanted =
        above !== undefined && (start.kind === "internal" ? start.name !== "sql.transaction" : isOwn(start))
      if (!wanted || !this.mayBegin(above.trace)) return new ThroughSpan(start)
      return new RecordedSpan(start, above.trace, this.keeping)
    }
  })

  readonly enter = ({ freshTraceId, kind, links = [], name, parent, startTime }: Entry): Entered => {
    const traceId = parent?.traceId ?? freshTraceId ?? this.keeping.nextSpanId() + this.keeping.nextSpanId()
    const sampled = parent?.sampled ?? isChosen(traceId)
    const trace: LocalTrace = { traceId, sampled, ended: [], begun: 0, state: "open" }
    this.begin(trace)
    const span = new RecordedSpan(
      {
        name,
        kind,
        startTime,
        parent: Option.fromUndefinedOr(parent),
        annotations: Context.empty(),
        links: links.map((link) => ({ span: link, attributes: {} }))
      },
      trace,
      this.keeping
    )
    return { span, end: (ending) => this.decide(span, ending) }
  }

  private begin(trace: LocalTrace): void {
    trace.begun += 1
    if (trace.state === "open") this.undecided += 1
  }

  private mayBegin(trace: LocalTrace): boolean {
    if (trace.state === "left") return false
    if (trace.begun >= mostSpansOfATrace) this.left.long_trace += 1
    else if (this.undecided >= mostUndecidedSpans) this.left.undecided += 1
    else {
      this.begin(trace)
      return true
    }
    return false
  }

  private ended(span: RecordedSpan): void {
    const { trace } = span
    if (trace.state === "open") trace.ended.push(span)
    else if (trace.state === "kept") this.keep(span)
  }

  /** What is still under way inside of it belongs to it, and is kept or left with it when it ends. */
  private decide(root: RecordedSpan, { attributes, endTime, errorType, name }: Ending): void {
    const { trace } = root
    if (trace.state !== "open") return
    if (name !== undefined) root.name = name
    const slow = endTime - root.startTime > BigInt(slowMillis) * 1_000_000n
    const kept = trace.sampled || errorType !== undefined || slow
    if (kept) for (const [key, value] of Object.entries(attributes)) root.attribute(key, value)
    root.endAs(endTime, errorType)
    trace.state = kept ? "kept" : "left"
    this.undecided -= trace.begun
    if (kept) for (const span of trace.ended) this.keep(span)
    trace.ended.length = 0
  }
}

const isOwn = ({ annotations }: { readonly annotations: Context.Context<never> }) => Context.get(annotations, OwnSpan)

const chosenBelow = Math.floor(sampledShare * 0x1_0000_0000)
/** By 32 of its random bits. */
const isChosen = (traceId: string): boolean => Number.parseInt(traceId.slice(-8), 16) < chosenBelow
