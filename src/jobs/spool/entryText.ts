/** An entry as the text that is kept of it. */
import { DateTime } from "effect"
import type { Entry, Kind } from "./Spool.ts"

/** A row of the spool's file. Times are milliseconds since 1970. */
export interface EntryRow {
  readonly id: string
  readonly kind: Kind
  readonly account: string
  readonly key: string
  readonly fingerprint: string
  readonly payload: string
  /** JSON; empty where nothing was quoted. */
  readonly quoted: string
  readonly accepted_at: number
  readonly accept_until: number
}

export const toRow = (entry: Entry): EntryRow => ({
  id: entry.id,
  kind: entry.kind,
  account: entry.account,
  key: entry.key,
  fingerprint: entry.fingerprint,
  payload: JSON.stringify(entry.payload),
  quoted: entry.quotedTotal === undefined ? "" : JSON.stringify(entry.quotedTotal),
  accepted_at: DateTime.toEpochMillis(entry.acceptedAt),
  accept_until: DateTime.toEpochMillis(entry.acceptUntil)
})

export const toEntry = (row: EntryRow): Entry => ({
  id: row.id,
  kind: row.kind,
  account: row.account,
  key: row.key,
  fingerprint: row.fingerprint,
  payload: JSON.parse(row.payload) as Entry["payload"],
  quotedTotal: row.quoted === "" ? undefined : (JSON.parse(row.quoted) as NonNullable<Entry["quotedTotal"]>),
  acceptedAt: DateTime.makeUnsafe(row.accepted_at),
  acceptUntil: DateTime.makeUnsafe(row.accept_until)
})

export const rowBytes = (row: EntryRow): number =>
  row.id.length + row.account.length + row.key.length + row.fingerprint.length + Buffer.byteLength(row.payload)

export const entryBytes = (entry: Entry): number => rowBytes(toRow(entry))
