/** What a replay of a mail's job would do: nothing twice, unless the provider has forgotten the mail's key. */
import { Effect, Option } from "effect"
import type { Assessment } from "../jobs/DeadLetter.ts"
import type { Assess } from "../jobs/ReplaySafety.ts"
import { type FrozenMail, MailStore } from "./MailStore.ts"
import { keySeconds } from "./runMail.ts"

const assessmentOf = (found: Option.Option<FrozenMail>): Assessment => {
  const { doubted = false, sentSecondsAgo, taken = false } = Option.getOrUndefined(found) ?? {}
  if (taken) return { verdict: "safe", would: "Does nothing: the provider has the mail." }
  if (sentSecondsAgo === undefined) return { verdict: "safe", would: "Sends the mail for the first time." }
  return sentSecondsAgo < keySeconds && !doubted
    ? { verdict: "safe", would: "Sends the mail again under its first key, which is done at most once." }
    : {
        verdict: "unknown",
        would:
          "Sends the mail again. The provider has forgotten its key: if the first one arrived, this is a second one."
      }
}

export const mailsReplaySafety: Effect.Effect<Assess, never, MailStore> = Effect.map(
  MailStore,
  (store) => (letters) => Effect.forEach(letters, ({ key }) => Effect.map(store.find(key), assessmentOf))
)
