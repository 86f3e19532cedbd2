/**
 * Mails as they are sent: frozen when their job first runs, with what is known of their way to the provider.
 *
 * `begin` is durable before anything is sent: from then on the provider may know the mail's key, for 24 hours. A mail
 * that was doubted begins anew: only an operator's replay runs it again.
 */
import { Context, Layer } from "effect"
import type { Effect, Option } from "effect"
import type { Database } from "../database/Database.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { Mail } from "../dependencies/email/Email.ts"
import { makeMailStoreMemory } from "./mailStoreMemory.ts"
import { makeMailStorePostgres } from "./mailStorePostgres.ts"

export interface FrozenMail {
  readonly mail: Mail
  /** The provider has it. */
  readonly taken: boolean
  /** Seconds since it may first have left; absent while it certainly never did. */
  readonly sentSecondsAgo: number | undefined
  readonly doubted: boolean
}

type Down = DatabaseUnavailable | QueryTimeout

export class MailStore extends Context.Service<
  MailStore,
  {
    readonly find: (key: string) => Effect.Effect<Option.Option<FrozenMail>, Down>
    /** Keeps the first mail of a key, and answers it. */
    readonly freeze: (key: string, mail: Mail) => Effect.Effect<FrozenMail, Down>
    readonly begin: (key: string) => Effect.Effect<void, Down>
    /** Nothing left after all: the provider's key has not begun to live. */
    readonly neverLeft: (key: string) => Effect.Effect<void, Down>
    readonly take: (key: string, providerId: string) => Effect.Effect<void, Down>
    readonly doubt: (key: string) => Effect.Effect<void, Down>
    /** Removes mails that the provider took so many days ago, some at a time. Answers how many it removed. */
    readonly removeTaken: (olderThanDays: number) => Effect.Effect<number, Down>
  }
>()("holdfast/emails/MailStore") {
  static readonly layer: Layer.Layer<MailStore, never, Database> = Layer.effect(MailStore, makeMailStorePostgres)
  static readonly layerMemory: Layer.Layer<MailStore> = Layer.sync(MailStore, makeMailStoreMemory)
}
