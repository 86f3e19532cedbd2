/**
 * A job: work that must be finished even if this process is not there to finish it.
 *
 * A claim hands it to one worker under a lease; the lease's token fences everything that the worker writes for it.
 * A worker ends a claim with a `Settlement`; a claim that is never settled comes back when its lease ends.
 */
import type { DateTime } from "effect"

/** Seconds that a claim holds without a renewal: what a killed worker delays its jobs by, at most. */
export const leaseSeconds = 15
/** Crashes of a job that ran alone until it is dead: by then it is the job, and not its neighbours or a deployment. */
export const soloCrashes = 5
/** Failures of a job that are kept: its beginning is told by `first_failed_at`. */
export const historyLength = 20
/** Nobody is asked more often than this for work that a notification did not announce. */
export const pollMillis = 1_000

export interface NewJob {
  readonly queue: string
  /** One job a queue and key: enqueuing it again wakes the one that is there. */
  readonly key: string
  /** Ids only: a payload is kept, listed and shown to operators. */
  readonly payload: Readonly<Record<string, string>>
  /** Seconds from now until it may run first; 0 unless given. */
  readonly delaySeconds?: number
  /** 0 is first; each step lets others pass for 30 s at most, so nothing starves. */
  readonly priority?: number
  /** At most `max` jobs of this queue and `key` run at once, on all nodes together. */
  readonly slot?: { readonly key: string; readonly max: number }
  /** The trace that its runs go on with, as W3C Trace Context writes it; that of whoever makes it unless given. */
  readonly traceparent?: string
}

export interface ClaimedJob {
  readonly id: string
  readonly queue: string
  readonly key: string
  readonly payload: Readonly<Record<string, string>>
  readonly lease: string
  /** This run included. */
  readonly attempts: number
  readonly createdAt: DateTime.Utc
  /** It holds a place among the jobs of its key. */
  readonly slotted: boolean
  /** The trace that it goes on with. */
  readonly traceparent?: string | undefined
  /** The trace of what made it or woke it last. */
  readonly causedBy?: string | undefined
  /** The request that made it. */
  readonly requestId?: string | undefined
  /** Since an operator replayed it, by the store's clock; absent when nobody did. */
  readonly replayedMillis?: number | undefined
}

/** Whose change it is, and why: what the audit keeps. */
export interface By {
  readonly actor: string
  readonly reason: string
}

export interface QueueStatus {
  readonly queue: string
  readonly ready: number
  /** Ready, but not due yet. */
  readonly delayed: number
  readonly running: number
  readonly dead: number
  /** Seconds that the oldest due job has waited; 0 when nothing waits. */
  readonly oldestSeconds: number
  readonly paused: (By & { readonly at: DateTime.Utc }) | undefined
}

/** What goes into a job's history: a code and a category, never a text from outside and never a person's data. */
export interface JobFailure {
  readonly code: string
  readonly category: "transient" | "permanent" | "partial" | "fatal"
}

export type Settlement =
  | { readonly _tag: "Done" }
  /** To be looked at again: nothing failed, so the attempt is not counted. */
  | { readonly _tag: "Later"; readonly delayMillis: number }
  | { readonly _tag: "Retry"; readonly delayMillis: number; readonly failure: JobFailure }
  | { readonly _tag: "Dead"; readonly failure: JobFailure }

export const Settlement = {
  done: { _tag: "Done" } as Settlement,
  later: (delayMillis: number): Settlement => ({ _tag: "Later", delayMillis }),
  retry: (delayMillis: number, failure: JobFailure): Settlement => ({ _tag: "Retry", delayMillis, failure }),
  dead: (failure: JobFailure): Settlement => ({ _tag: "Dead", failure })
}
