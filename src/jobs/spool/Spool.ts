/**
 * The spool: writes that were taken while the database was away, kept on this node's disk until they can be handed over.
 *
 * `put` returns when the entry is on the disk, and is safe to repeat: one id is one entry. An entry is custody, not
 * acceptance: everything about it is decided when it is applied. What is in it is secret (an address, a hashed
 * password, a cart); nothing of it may be logged but its id and kind.
 * Entries leave in the order in which they came. Bounded in number and in bytes, in all and for one account.
 */
import { Context, type DateTime, Duration, type Effect, Layer, type Option } from "effect"
import type { SpoolFull, SpoolRefused, SpoolUnavailable } from "./errors.ts"
import { makeSpoolMemory } from "./spoolMemory.ts"
import { makeSpoolSqlite } from "./spoolSqlite.ts"
import { type SpoolLimits, spoolLimits } from "./spoolLimits.ts"

export const kinds = ["order", "sign_up"] as const
export type Kind = (typeof kinds)[number]

/** For how long what was taken may be applied: what comes days later surprises whoever handed it in. */
export const acceptedFor = Duration.hours(1)

export interface Entry {
  /** The deferred write's id: derived from account, key and fingerprint, the same on every node. */
  readonly id: string
  readonly kind: Kind
  /** Whose it is; empty for a sign up, which belongs to nobody yet. */
  readonly account: string
  readonly key: string
  /** Of the request, in hexadecimal. */
  readonly fingerprint: string
  /** The request as it was decoded, as JSON. */
  readonly payload: Readonly<Record<string, unknown>>
  /** What the customer was told that it costs; in minor units. */
  readonly quotedTotal: { readonly amount: number; readonly currency: string } | undefined
  readonly acceptedAt: DateTime.Utc
  /** Later than this it is not applied any more. */
  readonly acceptUntil: DateTime.Utc
}

export type Put =
  /** On the disk. `replayed` when it had been there before; then this is the entry that was. */
  | { readonly _tag: "Kept"; readonly entry: Entry; readonly replayed: boolean }
  /** The account has used this key for another wish. */
  | { readonly _tag: "KeyTaken" }

/** What operators and probes see; from memory. */
export interface SpoolSnapshot {
  /** There is one, its last write worked, and there is room. */
  readonly usable: boolean
  readonly depth: number
  readonly bytes: number
  readonly oldestAt: DateTime.Utc | undefined
}

export class Spool extends Context.Service<
  Spool,
  {
    readonly put: (entry: Entry) => Effect.Effect<Put, SpoolFull | SpoolUnavailable>
    readonly find: (id: string) => Effect.Effect<Option.Option<Entry>, SpoolUnavailable>
    /** The oldest ones, oldest first. */
    readonly oldest: (limit: number) => Effect.Effect<ReadonlyArray<Entry>, SpoolUnavailable>
    /** Forgets it, because it is kept elsewhere now. Safe to repeat. */
    readonly remove: (id: string) => Effect.Effect<void, SpoolUnavailable>
    readonly snapshot: Effect.Effect<SpoolSnapshot>
    /** Fails when the file turns out to be damaged while it is in use; from then on it takes and gives nothing. */
    readonly damage: Effect.Effect<never, SpoolRefused>
  }
>()("holdfast/jobs/Spool") {
  /** In `directory`, which outlives the process. Whoever else uses it has a file of its own there. */
  static readonly layer = (directory: string, limits: SpoolLimits = spoolLimits) =>
    Layer.effect(Spool, makeSpoolSqlite(directory, limits))
  static readonly layerMemory = Layer.sync(Spool, () => makeSpoolMemory(spoolLimits))
  static readonly layerMemoryWith = (limits: SpoolLimits) => Layer.sync(Spool, () => makeSpoolMemory(limits))
  /** Where nothing may be kept on this node's disk. */
  static readonly layerOff = Layer.sync(Spool, () => makeSpoolMemory({ ...spoolLimits, entries: 0 }))
}
