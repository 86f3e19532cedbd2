/**
 * The fake email provider's memory: every mail that it took, by the rules of the real one's idempotency keys.
 *
 * A mail is a line of its journal before it is answered. A key is kept 24 hours with the mail it came with: repeated
 * alike, it gives the same id; with another mail it is refused for good; while its first request runs, for now.
 */
import { Clock, Context, Effect, Layer, Random, Schema } from "effect"
import { openJournal } from "../journal.ts"

const keyLifeMillis = 24 * 60 * 60 * 1000

export const MailBody = Schema.Struct({
  from: Schema.String,
  to: Schema.Union([Schema.String, Schema.Array(Schema.String)]),
  subject: Schema.String,
  text: Schema.optionalKey(Schema.String),
  html: Schema.optionalKey(Schema.String)
})
export type MailBody = typeof MailBody.Type

const Taken = Schema.Struct({
  at_millis: Schema.Int,
  id: Schema.String,
  key: Schema.optionalKey(Schema.String),
  mail: MailBody
})
export type Taken = typeof Taken.Type

export type Taking =
  | { readonly _tag: "Taken"; readonly id: string }
  | { readonly _tag: "OtherMail" }
  | { readonly _tag: "StillRunning" }

export class Mailbox extends Context.Service<
  Mailbox,
  {
    /** Oldest first. */
    readonly mails: Effect.Effect<ReadonlyArray<Taken>>
    /** Returns once the mail is on the disk. `slow` is time that passes while its key is taken. */
    readonly take: (mail: MailBody, key: string | undefined, slow: Effect.Effect<void>) => Effect.Effect<Taking>
  }
>()("holdfast/sandbox/email/Mailbox") {
  static readonly layer = (folder: string) =>
    Layer.effect(
      Mailbox,
      Effect.gen(function* () {
        const journal = yield* openJournal({
          file: `${folder}/emails.jsonl`,
          record: Taken,
          projection: {
            file: `${folder}/inbox.jsonl`,
            lines: ({ at_millis, id, mail }) => [
              JSON.stringify({ at: new Date(at_millis).toISOString(), id, to: mail.to, subject: mail.subject })
            ]
          }
        })
        const mails: Array<Taken> = [...journal.records]
        const byKey = new Map(mails.flatMap((taken) => (taken.key === undefined ? [] : [[taken.key, taken] as const])))
        const running = new Set<string>()

        const decide = Effect.fnUntraced(function* (mail: MailBody, key: string | undefined) {
          const now = yield* Clock.currentTimeMillis
          const known = key === undefined ? undefined : byKey.get(key)
          if (known !== undefined && now - known.at_millis <= keyLifeMillis) {
            const same = JSON.stringify(known.mail) === JSON.stringify(mail)
            return same ? ({ _tag: "Taken", id: known.id } as const) : ({ _tag: "OtherMail" } as const)
          }
          const number = yield* Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER)
          const taken: Taken = { at_millis: now, id: `em_${number.toString(36)}`, mail, ...(key && { key }) }
          mails.push(taken)
          if (key !== undefined) byKey.set(key, taken)
          yield* journal.write(taken)
          return { _tag: "Taken", id: taken.id } as const
        })

        return Mailbox.of({
          mails: Effect.as(journal.settled, mails),
          take: (mail, key, slow) =>
            Effect.suspend((): Effect.Effect<Taking> => {
              const name = key ?? ""
              if (key !== undefined && running.has(name)) return Effect.succeed({ _tag: "StillRunning" })
              running.add(name)
              return Effect.ensuring(
                Effect.andThen(slow, decide(mail, key)),
                Effect.sync(() => running.delete(name))
              )
            })
        })
      })
    )
}
