/**
 * Email: one mail to one person, through the provider.
 *
 * A mail is sent once per key: the same key with the same mail gives the same answer, for 24 hours (repeat only below
 * 23). `DependencyUnavailable` with `sent: "maybe"` is no refusal: the mail may be on its way.
 */
import { Context } from "effect"
import type { Effect } from "effect"
import type { DependencyUnavailable, IdempotencyKey } from "../../resilience/index.ts"
import type { EmailInProgress, EmailKeyReused, EmailQuotaExceeded, EmailRefused } from "./errors.ts"

/** As it is sent, to the letter: a repeat under the key must not differ. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface SendMail extends Mail {
  readonly key: IdempotencyKey
}

export type EmailFailure = EmailRefused | EmailKeyReused | EmailInProgress | EmailQuotaExceeded | DependencyUnavailable

export class Email extends Context.Service<
  Email,
  {
    /** Answers the provider's id of the mail. */
    readonly send: (mail: SendMail) => Effect.Effect<string, EmailFailure>
  }
>()("holdfast/dependencies/email/Email") {}
