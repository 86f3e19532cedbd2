/**
 * Where a trace enters this process: a request at the door, a run of a job. Everything inside belongs to it.
 *
 * Without a collector nothing is recorded: the ids alone go on, into log lines, to providers and into the rows of jobs, so
 * that a caller's trace is not cut here.
 */
import { Context, Tracer } from "effect"

export interface Entry {
  readonly name: string
  readonly kind: "server" | "consumer"
  /** What it goes on with; absent where the trace begins. */
  readonly parent: Tracer.ExternalSpan | undefined
  /** 32 random hexadecimal digits, for a trace that begins; drawn where it is recorded unless given. */
  readonly freshTraceId?: string
  /** What it has to do with, besides. */
  readonly links?: ReadonlyArray<Tracer.ExternalSpan>
  /** Nanoseconds since 1970. */
  readonly startTime: bigint
}

export type AttributeValue = string | number | boolean

export interface Ending {
  readonly name?: string
  /** Absent when it ended as it should. */
  readonly errorType?: string | undefined
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>
  readonly endTime: bigint
}

export interface Entered {
  /** For what runs inside, as its `Tracer.ParentSpan`. */
  readonly span: Tracer.AnySpan
  readonly end: (ending: Ending) => void
}

const unheard = () => {}

const noId = "0".repeat(32)

const pass = ({ freshTraceId: traceId = noId, parent }: Entry): Entered => ({
  span: parent ?? Tracer.externalSpan({ traceId, spanId: traceId.slice(16), sampled: false }),
  end: unheard
})

export interface Entrances {
  readonly enter: (entry: Entry) => Entered
  /** Whether anything is recorded, so that nobody gathers what nobody keeps. */
  readonly records: boolean
}

export const Tracing = Context.Reference<Entrances>("holdfast/telemetry/Tracing", {
  defaultValue: () => ({ enter: pass, records: false })
})
