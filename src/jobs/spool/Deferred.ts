/** A write that was deferred: what has become of it, and what its kind does to apply it. */
import { Context, type Effect, Schema } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../../database/errors.ts"
import type { NewJob } from "../Job.ts"
import type { Entry, Kind } from "./Spool.ts"

export const DeferredId = Schema.String.check(
  Schema.isPattern(/^dfr_[0-9a-f]{48}$/, {
    code: "invalid_format",
    message: "This is not the id of a deferred request."
  })
)

/** An error as its class encodes it: its tag, and ids and codes. */
export type StoredProblem = Readonly<Record<string, unknown>>

export type Outcome =
  /** The path of what it made. */
  { readonly _tag: "Applied"; readonly resource: string } | { readonly _tag: "Failed"; readonly problem: StoredProblem }

export interface Deferred extends Omit<Entry, "payload" | "key" | "fingerprint"> {
  /** None while it waits. */
  readonly outcome: Outcome | undefined
}

/** In custody, on this node's disk: nothing has been decided. */
export interface Kept {
  readonly deferred: Deferred
  /** True when it had been handed in before. */
  readonly replayed: boolean
}

export type Decision =
  | Outcome
  /** Nothing can be said now: look again then. */
  | { readonly _tag: "Later"; readonly delayMillis: number }

/**
 * Decides about one of its kind, in the open transaction: all that it writes is written together with its outcome. It
 * finds what the same key has made already, and makes nothing twice.
 */
export type Apply = (entry: Entry) => Effect.Effect<Decision, DatabaseUnavailable | QueryTimeout>

/** How each kind is applied: said by the feature, because nobody else knows. */
export class Appliers extends Context.Service<Appliers, { readonly [K in Kind]: Apply }>()("holdfast/jobs/Appliers") {}

/** Deferred writes that wait to be applied; a job's key is the id. */
export const deferredQueue = "deferred"

/** One account's orders are applied one at a time, oldest first; a sign up waits for nobody's. */
export const deferredJob = ({ account, id, kind }: Entry): NewJob => ({
  queue: deferredQueue,
  key: id,
  payload: { deferred_id: id, kind },
  ...(account === "" ? {} : { slot: { key: account, max: 1 } })
})

export const waiting = ({ acceptUntil, acceptedAt, account, id, kind, quotedTotal }: Entry): Deferred => ({
  id,
  kind,
  account,
  quotedTotal,
  acceptedAt,
  acceptUntil,
  outcome: undefined
})
