/**
 * Email in memory, by the provider's rules: one mail a key, kept 24 hours. `Outbox` shows what was sent.
 *
 * `failing` takes the provider away: every send then ends as the given failure, and sends nothing.
 */
import { Clock, Context, Effect, Layer } from "effect"
import { Email, type EmailFailure, type SendMail } from "./Email.ts"
import { EmailKeyReused, EmailRefused } from "./errors.ts"

const keyLifeMillis = 24 * 60 * 60 * 1000

export interface SentMail extends SendMail {
  readonly id: string
  readonly atMillis: number
}

export class Outbox extends Context.Service<
  Outbox,
  {
    /** Oldest first. */
    readonly sent: Effect.Effect<ReadonlyArray<SentMail>>
    readonly failing: (failure: EmailFailure | undefined) => Effect.Effect<void>
  }
>()("holdfast/dependencies/email/Outbox") {}

const make = Effect.sync(() => {
  const sent: Array<SentMail> = []
  let failure: EmailFailure | undefined

  const send = (mail: SendMail) =>
    Effect.flatMap(Clock.currentTimeMillis, (atMillis): Effect.Effect<string, EmailFailure> => {
      if (failure !== undefined) return Effect.fail(failure)
      const known = sent.find(({ atMillis: then, key }) => key === mail.key && atMillis - then <= keyLifeMillis)
      if (known !== undefined) {
        const same = known.to === mail.to && known.subject === mail.subject && known.text === mail.text
        return same ? Effect.succeed(known.id) : Effect.fail(new EmailKeyReused())
      }
      if (!/^[^\s@]+@[^\s@]+$/.test(mail.to)) return Effect.fail(new EmailRefused({ code: "validation_error" }))
      const id = `mail_${sent.length + 1}`
      sent.push({ ...mail, id, atMillis })
      return Effect.succeed(id)
    })

  return Context.make(Email, Email.of({ send })).pipe(
    Context.add(
      Outbox,
      Outbox.of({
        sent: Effect.sync(() => [...sent]),
        failing: (next) =>
          Effect.sync(() => {
            failure = next
          })
      })
    )
  )
})

export const EmailMemory = { layer: Layer.effectContext(make) }
