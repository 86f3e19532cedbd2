/** Mails on a map, for tests and for the shop in memory: see `MailStore`. */
import { Clock, Effect, Option } from "effect"
import type { Mail } from "../dependencies/email/Email.ts"
import type { FrozenMail, MailStore } from "./MailStore.ts"

interface Entry {
  readonly mail: Mail
  firstSentAt: number | undefined
  takenAt: number | undefined
  doubted: boolean
}

export const makeMailStoreMemory = (): MailStore["Service"] => {
  const entries = new Map<string, Entry>()
  const frozen = (entry: Entry, now: number): FrozenMail => ({
    mail: entry.mail,
    taken: entry.takenAt !== undefined,
    sentSecondsAgo: entry.firstSentAt === undefined ? undefined : (now - entry.firstSentAt) / 1000,
    doubted: entry.doubted
  })
  /** Only of a mail that is not with the provider yet. */
  const change = (key: string, next: (entry: Entry, now: number) => void) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const entry = entries.get(key)
      if (entry !== undefined && entry.takenAt === undefined) next(entry, now)
    })

  return {
    find: (key) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        Option.map(Option.fromUndefinedOr(entries.get(key)), (entry) => frozen(entry, now))
      ),
    freeze: (key, mail) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const entry = entries.get(key) ?? { mail, firstSentAt: undefined, takenAt: undefined, doubted: false }
        entries.set(key, entry)
        return frozen(entry, now)
      }),
    begin: (key) =>
      change(key, (entry, now) => {
        entry.firstSentAt = entry.doubted ? now : (entry.firstSentAt ?? now)
        entry.doubted = false
      }),
    neverLeft: (key) => change(key, (entry) => void (entry.firstSentAt = undefined)),
    take: (key) =>
      change(key, (entry, now) => {
        entry.firstSentAt ??= now
        entry.takenAt = now
      }),
    doubt: (key) => change(key, (entry) => void (entry.doubted = true)),
    removeTaken: (olderThanDays) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const isOld = ({ takenAt }: Entry) => takenAt !== undefined && now - takenAt > olderThanDays * 86_400_000
        const old = [...entries].filter(([, entry]) => isOld(entry))
        for (const [key] of old) entries.delete(key)
        return old.length
      })
  }
}
