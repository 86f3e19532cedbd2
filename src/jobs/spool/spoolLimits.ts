/**
 * How much the spool holds. Custody is a promise: what would not be applied within the hour that it is promised for had
 * better be refused.
 */
import type { Kind } from "./Spool.ts"

export interface SpoolLimits {
  readonly entries: number
  /** Of what is kept of all entries, as JSON. */
  readonly bytes: number
  /** Entries of one account. All sign ups together count as one: they have no account yet. */
  readonly ofOne: Readonly<Record<Kind, number>>
}

export const spoolLimits: SpoolLimits = {
  /** At the pace at which they are applied (`runDeferred.ts`) a few minutes of work: long before their hour is over. */
  entries: 10_000,
  /** An entry is about 500 bytes, and 8 kB at most: room for the number above, and little enough for any disk. */
  bytes: 32 * 1024 * 1024,
  ofOne: {
    /** A customer hands in a few orders in an hour; more is a program that repeats itself under new keys. */
    order: 20,
    /** A fifth of the room: people who order come first. */
    sign_up: 2_000
  }
}

/** Why an entry of this size does not fit, if it does not. */
export const whyFull = (
  limits: SpoolLimits,
  held: { readonly entries: number; readonly bytes: number; readonly ofAccount: number },
  entry: { readonly kind: Kind; readonly bytes: number }
): "entries" | "bytes" | "account" | undefined => {
  if (held.entries >= limits.entries) return "entries"
  if (held.bytes + entry.bytes > limits.bytes) return "bytes"
  return held.ofAccount >= limits.ofOne[entry.kind] ? "account" : undefined
}
