/**
 * Runs a mail's job: writes the mail once, sends it under its key, and remembers that the provider has it.
 *
 * A mail that may have left is sent again under the same key as long as the provider remembers it; after that nobody can
 * tell whether it arrived, and the job is dead for an operator to decide. One that never left waits for the provider, for
 * days. Nothing here is written to a log but the mail's key, which is made of ids.
 */
import { Clock, Duration, Effect, Option, Random } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { Email, type EmailFailure } from "../dependencies/email/Email.ts"
import { type MailKind, mailKinds } from "../dependencies/email/mails.ts"
import { backoffMillis } from "../jobs/backoff.ts"
import { type ClaimedJob, type JobFailure, Settlement } from "../jobs/Job.ts"
import type { OrderNotFound } from "../orders/errors.ts"
import { type FeatureDisabled, KillSwitches, persisted, whenEnabled } from "../resilience/index.ts"
import type { UserNotFound } from "../users/errors.ts"
import { MailStore } from "./MailStore.ts"
import { mailWriter } from "./writing.ts"

/** The feature that an operator switches off to send no mails for now: they wait in their queue, however long. */
export const mailing = "email"

/** An hour below the 24 that the provider keeps a key. */
export const keySeconds = 23 * 3600
/** News that are older than this are none: an operator sees them, and decides. */
const tooOldMillis = 72 * 3600 * 1000
/** Mails at once, and how long each takes at least: together 25 a second, `mailsPerSecond` of the policy. */
export const mailsAtOnce = 5
export const shortestMail = Duration.millis(200)

/** A backlog is to be gone a minute after the provider is back, so nobody sleeps longer than this through its return. */
const longestPauseMillis = 10_000
const shortestPauseMillis = 1_000
/** A quota is renewed at midnight, or when somebody pays: looking every few seconds would not help. */
const quotaPauseMillis = { shortest: 60_000, usual: 3_600_000, longest: 6 * 3_600_000 }
/** The twin of this request is answered within the policy's deadline. */
const twinPauseMillis = 2_000

type Failure = EmailFailure | FeatureDisabled | OrderNotFound | UserNotFound | DatabaseUnavailable | QueryTimeout

const isMailKind = (text: string | undefined): text is MailKind => mailKinds.some((kind) => kind === text)

export const runMail = Effect.gen(function* () {
  const store = yield* MailStore
  const email = yield* Email
  const write = yield* mailWriter
  const switches = yield* KillSwitches

  const frozen = (job: ClaimedJob, kind: MailKind) =>
    Effect.flatMap(store.find(job.key), (known) =>
      Option.isSome(known)
        ? Effect.succeed(known)
        : Effect.flatMap(
            write(kind, job.payload["about"] ?? ""),
            Option.match({
              onNone: () => Effect.succeedNone,
              onSome: (mail) => Effect.asSome(store.freeze(job.key, mail))
            })
          )
    )

  const sent = Effect.fnUntraced(function* (job: ClaimedJob, kind: MailKind) {
    yield* Effect.provideService(whenEnabled(mailing), KillSwitches, switches)
    const found = yield* frozen(job, kind)
    if (Option.isNone(found) || found.value.taken) return Settlement.done
    const { doubted, mail, sentSecondsAgo } = found.value
    if (!doubted && sentSecondsAgo !== undefined && sentSecondsAgo >= keySeconds) {
      yield* store.doubt(job.key)
      return yield* dead(job, { code: "EmailInDoubt", category: "permanent" })
    }
    yield* store.begin(job.key)
    const isFirst = doubted || sentSecondsAgo === undefined
    const id = yield* Effect.tapError(email.send({ ...mail, key: persisted(job.key) }), (failure) =>
      isFirst && certainlyNotSent(failure) ? store.neverLeft(job.key) : Effect.void
    )
    yield* store.take(job.key, id)
    return Settlement.done
  })

  return (job: ClaimedJob): Effect.Effect<Settlement> => {
    const kind = job.payload["kind"]
    if (!isMailKind(kind)) return dead(job, { code: "UnknownMail", category: "permanent" })
    return Effect.zipWith(
      Effect.catch(sent(job, kind), (failure) => settlementOf(job, failure)),
      Effect.sleep(shortestMail),
      (settlement) => settlement,
      { concurrent: true }
    ).pipe(Effect.annotateLogs({ mail: job.key }))
  }
})

const certainlyNotSent = (failure: Failure): boolean =>
  failure._tag === "DependencyUnavailable" ? failure.sent === "no" : failure._tag === "EmailQuotaExceeded"

const settlementOf = Effect.fnUntraced(function* (job: ClaimedJob, failure: Failure) {
  // Nothing is wrong with it, and it is news as soon as the operator says so.
  if (failure._tag === "FeatureDisabled") return Settlement.later(yield* pauseMillis(job, failure))
  const reason: JobFailure = { code: failure._tag, category: failure.category }
  if (reason.category !== "transient") return yield* dead(job, reason)
  const age = (yield* Clock.currentTimeMillis) - job.createdAt.epochMilliseconds
  if (age > tooOldMillis) return yield* dead(job, { code: "EmailTooOld", category: "permanent" })
  yield* Effect.logWarning("mail waits", { severity: "expected", ...reason, attempts: job.attempts })
  const pause = yield* pauseMillis(job, failure)
  const neverLeft = failure._tag === "DependencyUnavailable" && failure.attempts === 0
  return neverLeft || failure._tag === "EmailQuotaExceeded" ? Settlement.later(pause) : Settlement.retry(pause, reason)
})

/** Spread, so that what stopped together does not come back together. */
const pauseMillis = (job: ClaimedJob, failure: Failure): Effect.Effect<number> => {
  const spread = (millis: number) => Effect.map(Random.next, (random) => Math.round(millis * (1 + random / 4)))
  switch (failure._tag) {
    case "EmailQuotaExceeded": {
      const { longest, shortest, usual } = quotaPauseMillis
      return spread(Math.min(longest, Math.max(shortest, failure.retryAfterMillis ?? usual)))
    }
    case "EmailInProgress":
      return spread(twinPauseMillis)
    case "FeatureDisabled":
    case "DependencyUnavailable": {
      const asked = Duration.toMillis(failure.retryAfter)
      return spread(Math.min(longestPauseMillis, Math.max(shortestPauseMillis, asked)))
    }
    default:
      return Effect.map(backoffMillis(job.attempts), (millis) => Math.min(millis, longestPauseMillis))
  }
}

const dead = (job: ClaimedJob, failure: JobFailure) =>
  Effect.as(
    Effect.logError("mail needs an operator", { severity: "critical", ...failure, attempts: job.attempts }),
    Settlement.dead(failure)
  )
