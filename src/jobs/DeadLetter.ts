/** A dead letter: a job that ran out of attempts, or failed for good. It stays where it was, and waits for a person. */
import type { DateTime } from "effect"
import type { JobFailure } from "./Job.ts"

/** Letters that one change may concern: what one statement does well within its bounds. */
export const mostLetters = 100_000
/** Letters that a preview looks at one by one. */
export const previewed = 1_000
/** Given back to the workers a second, unless asked otherwise; and at most. */
export const perSecondDefault = 50
export const perSecondMost = 5_000

export interface DeadLetter {
  readonly id: string
  readonly queue: string
  readonly key: string
  readonly code: string
  readonly category: JobFailure["category"]
  readonly attempts: number
  /** How often it was replayed before. */
  readonly replays: number
  /** Somebody asked for it since its last run began (a cancel, a webhook): nothing of that happens before a replay. */
  readonly woken: boolean
  readonly createdAt: DateTime.Utc
  readonly firstFailedAt: DateTime.Utc
  readonly lastFailedAt: DateTime.Utc
}

export interface Failure extends JobFailure {
  readonly at: string
  readonly attempt: number
}

export interface DeadLetterDetail extends DeadLetter {
  /** What looks like a person's data or a secret is taken out of it. */
  readonly payload: Readonly<Record<string, string>>
  /** The last failures over all its lives, oldest first. */
  readonly history: ReadonlyArray<Failure>
  /** Every replay that it was in, and how that ended. */
  readonly lineage: ReadonlyArray<{ readonly replay: string; readonly result: ReplayResult }>
}

/** All that is given must hold. Nothing given is every dead letter. */
export interface LetterFilter {
  readonly ids?: ReadonlyArray<string> | undefined
  readonly queue?: string | undefined
  readonly code?: string | undefined
  /** By the last failure. */
  readonly failedAfter?: DateTime.Utc | undefined
  readonly failedBefore?: DateTime.Utc | undefined
}

/** Letters that failed in the same way in the same place. */
export interface LetterGroup {
  readonly queue: string
  readonly code: string
  readonly category: JobFailure["category"]
  readonly count: number
  readonly firstFailedAt: DateTime.Utc
  readonly lastFailedAt: DateTime.Utc
  /** One of them, to look at. */
  readonly sample: string
}

/** `safe`: repeats nothing that may have happened, or repeats it under its first key. `asks_first`: finds out first. */
export type Verdict = "safe" | "asks_first" | "unknown"
export interface Assessment {
  readonly verdict: Verdict
  /** What a replay would do, in words. */
  readonly would: string
}

export interface ReplayPreview {
  readonly letters: number
  /** Looked at one by one: the first of them. */
  readonly assessed: number
  readonly verdicts: Readonly<Record<Verdict, number>>
  readonly items: ReadonlyArray<DeadLetter & Assessment>
}

export type ReplayResult = "waiting" | "released" | "done" | "dead" | "skipped"

export interface Replay {
  readonly id: string
  readonly actor: string
  readonly reason: string
  readonly perSecond: number
  readonly items: number
  readonly createdAt: DateTime.Utc
  /** When the last item was given back; items may still be at work then. */
  readonly releasedAt: DateTime.Utc | undefined
  readonly results: Readonly<Record<ReplayResult, number>>
}
