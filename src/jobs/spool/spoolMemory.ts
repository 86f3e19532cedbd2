/** The spool on a map, for tests and for the shop in memory: the rules of `Spool`, without the disk. */
import { Effect, Option } from "effect"
import { SpoolFull } from "./errors.ts"
import type { Entry, Put, Spool } from "./Spool.ts"
import { entryBytes } from "./entryText.ts"
import { type SpoolLimits, whyFull } from "./spoolLimits.ts"

export const makeSpoolMemory = (limits: SpoolLimits): Spool["Service"] => {
  const entries = new Map<string, Entry>()
  const bytes = () => [...entries.values()].reduce((sum, entry) => sum + entryBytes(entry), 0)
  const isOf = (entry: Entry) => (other: Entry) => other.kind === entry.kind && other.account === entry.account

  return {
    put: (entry) =>
      Effect.suspend((): Effect.Effect<Put, SpoolFull> => {
        const known = entries.get(entry.id)
        if (known !== undefined) return Effect.succeed({ _tag: "Kept", entry: known, replayed: true })
        const own = [...entries.values()].filter(isOf(entry))
        if (own.some(({ key }) => key === entry.key)) return Effect.succeed({ _tag: "KeyTaken" })
        const held = { entries: entries.size, bytes: bytes(), ofAccount: own.length }
        const limit = whyFull(limits, held, { kind: entry.kind, bytes: entryBytes(entry) })
        if (limit !== undefined) return Effect.fail(new SpoolFull({ limit }))
        entries.set(entry.id, entry)
        return Effect.succeed({ _tag: "Kept", entry, replayed: false })
      }),
    find: (id) => Effect.sync(() => Option.fromUndefinedOr(entries.get(id))),
    oldest: (limit) => Effect.sync(() => [...entries.values()].slice(0, limit)),
    remove: (id) => Effect.sync(() => void entries.delete(id)),
    snapshot: Effect.sync(() => ({
      usable: entries.size < limits.entries && bytes() < limits.bytes,
      depth: entries.size,
      bytes: bytes(),
      oldestAt: entries.values().next().value?.acceptedAt
    })),
    damage: Effect.never
  }
}
