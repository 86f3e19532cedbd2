/** Entries of a spool, for tests: of an account of their own unless told otherwise. */
import { DateTime } from "effect"
import type { Entry } from "../../../src/jobs/spool/Spool.ts"

export const at = (minute: number) => DateTime.makeUnsafe(Date.UTC(2026, 0, 1, 12, minute))

export const entry = (id: string, more: Partial<Entry> = {}): Entry => ({
  id,
  kind: "order",
  account: `usr_${id}`,
  key: `key-of-${id}`,
  fingerprint: "0a1b",
  payload: { lines: [{ sku: "KETTLE", quantity: 1 }] },
  quotedTotal: { amount: 4_990, currency: "EUR" },
  acceptedAt: at(0),
  acceptUntil: at(60),
  ...more
})
