/** The worker of mails on this node, and what removes those that are long sent. */
import { Effect, Layer, Schedule } from "effect"
import { mailQueue } from "../dependencies/email/mails.ts"
import { runWorker } from "../jobs/Worker.ts"
import { MailStore } from "./MailStore.ts"
import { mailsAtOnce, runMail } from "./runMail.ts"

/** As long as the job of a mail is kept: who asks after that has to ask the provider. */
const keptDays = 30
const hourly = Schedule.spaced("1 hour").pipe(Schedule.jittered)

const removal = Effect.gen(function* () {
  const store = yield* MailStore
  let removed = 0
  for (let last = 1; last > 0; removed += last) last = yield* store.removeTaken(keptDays)
  if (removed > 0) yield* Effect.logInfo("old mails removed", { mails: removed, kept_days: keptDays })
}).pipe(
  Effect.catch((error) => Effect.logWarning("old mails not removed", { severity: "expected", code: error._tag })),
  Effect.repeat(hourly)
)

export const mailWorker = Layer.effectDiscard(
  Effect.gen(function* () {
    const handle = yield* runMail
    yield* Effect.forkScoped(runWorker({ queue: mailQueue, concurrency: mailsAtOnce, handle }))
    yield* Effect.forkScoped(removal)
  })
)
