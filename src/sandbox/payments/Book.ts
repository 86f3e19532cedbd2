/**
 * The payment provider's book: its intents, refunds, ledger, and the answers kept under idempotency keys.
 *
 * Decisions are taken one at a time in memory and promised by the journal before they are answered; reading waits for
 * the same promise, so nothing that was ever shown can be lost. A key is kept 24 hours with the parameters it came
 * with: repeated alike, it gives the same answer (`Idempotent-Replayed`); with other parameters it is refused (400);
 * while its first request is still running, 409. What was refused before it began leaves its key free.
 */
import { Clock, Context, DateTime, Effect, Layer, PubSub, Random, Stream } from "effect"
import type { JournalUnwritable } from "../errors.ts"
import { openJournal } from "../journal.ts"
import { answerOf, errorAnswer, rejectedAnswer } from "./render.ts"
import type { Answer } from "../answer.ts"
import type { Moment } from "./createIntent.ts"
import type { Intent, LedgerEntry, Refund } from "./objects.ts"
import type { Outcome } from "./outcome.ts"
import { JournalRecord } from "./record.ts"
import type { CardOutcome } from "./testCards.ts"

/** The provider prunes keys once they are a day old. */
const keyLifeMillis = 24 * 60 * 60 * 1000
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const idLength = 24

export interface Asked {
  readonly key: string | undefined
  readonly fingerprint: string
  readonly request: string
  readonly origin: string
  readonly declineWith: CardOutcome | undefined
  /** Time that passes while the request is running, its key taken. */
  readonly slow: Effect.Effect<void>
}

export class Book extends Context.Service<
  Book,
  {
    readonly execute: (asked: Asked, decide: (moment: Moment) => Outcome) => Effect.Effect<Answer>
    /** The objects as promised: waits for the disk first. */
    readonly read: Effect.Effect<{
      readonly intents: ReadonlyMap<string, Intent>
      readonly refunds: ReadonlyMap<string, Refund>
      readonly ledger: ReadonlyArray<LedgerEntry>
    }>
    /** The intent as it is at this moment, for a decision. */
    readonly intent: (id: string) => Intent | undefined
    /** What is promised from now on, each once it is on the disk. */
    readonly promised: Stream.Stream<JournalRecord>
    /** Fails when nothing more can be promised: the process has to end. */
    readonly broken: Effect.Effect<never, JournalUnwritable>
  }
>()("holdfast/sandbox/payments/Book") {
  static readonly layer = (folder: string) =>
    Layer.effect(
      Book,
      Effect.gen(function* () {
        const journal = yield* openJournal({
          file: `${folder}/payments.jsonl`,
          record: JournalRecord,
          projection: {
            file: `${folder}/ledger.jsonl`,
            lines: (record) => record.ledger.map((entry) => JSON.stringify(entry))
          }
        })
        const random = yield* Random.Random
        const clock = yield* Clock.Clock
        const intents = new Map<string, Intent>()
        const refunds = new Map<string, Refund>()
        const ledger: Array<LedgerEntry> = []
        const kept = new Map<string, JournalRecord>()
        const running = new Set<string>()
        const promised = yield* PubSub.unbounded<JournalRecord>()

        const apply = (record: JournalRecord) => {
          if (record.intent !== null) intents.set(record.intent.id, record.intent)
          if (record.refund !== null) refunds.set(record.refund.id, record.refund)
          if (record.kept !== null) kept.set(record.kept.key, record)
          ledger.push(...record.ledger)
        }
        for (const record of journal.records) apply(record)

        const newId = (prefix: string) => {
          let id = `${prefix}_`
          for (let i = 0; i < idLength; i++) id += alphabet[Math.floor(random.nextDoubleUnsafe() * alphabet.length)]
          return id
        }

        /** Decided, applied and put in the journal's order without a pause between them. */
        const promise = (asked: Asked, decide: (moment: Moment) => Outcome): Effect.Effect<Answer> => {
          const millis = clock.currentTimeMillisUnsafe()
          const outcome = decide({ now: Math.floor(millis / 1000), newId, declineWith: asked.declineWith })
          if (outcome._tag === "Rejected") return Effect.succeed(rejectedAnswer(outcome))
          const at = DateTime.formatIso(DateTime.makeUnsafe(millis))
          const record: JournalRecord = {
            at,
            kept: asked.key === undefined ? null : keep(asked.key, asked, outcome),
            intent: outcome.intent ?? null,
            refund: outcome.refund ?? null,
            error: outcome.error ?? null,
            ledger: outcome.ledger.map((entry) => ({ at, ...entry }))
          }
          apply(record)
          const durable = Effect.andThen(journal.write(record), PubSub.publish(promised, record))
          return Effect.as(durable, answerOf(record, outcome.status, outcome.answer, asked.origin))
        }

        const known = (key: string, fingerprint: string, origin: string): Answer | undefined => {
          if (running.has(key)) return inProgress
          const record = kept.get(key)
          if (record === undefined || record.kept === null) return undefined
          if (clock.currentTimeMillisUnsafe() - Date.parse(record.at) > keyLifeMillis) return undefined
          if (record.kept.fingerprint !== fingerprint) return keyReused
          const first = answerOf(record, record.kept.status, record.kept.answer, origin)
          const headers = { "idempotent-replayed": "true", "original-request": record.kept.request }
          return { ...first, headers: { ...first.headers, ...headers } }
        }

        const execute = (asked: Asked, decide: (moment: Moment) => Outcome): Effect.Effect<Answer> =>
          Effect.suspend(() => {
            const { fingerprint, key, origin, slow } = asked
            const run = Effect.andThen(
              slow,
              Effect.suspend(() => promise(asked, decide))
            )
            if (key === undefined) return run
            const answer = known(key, fingerprint, origin)
            if (answer !== undefined) return Effect.as(journal.settled, answer)
            running.add(key)
            return Effect.ensuring(
              run,
              Effect.sync(() => running.delete(key))
            )
          })

        return Book.of({
          execute: (asked, decide) => Effect.uninterruptible(execute(asked, decide)),
          read: Effect.as(journal.settled, { intents, refunds, ledger }),
          intent: (id) => intents.get(id),
          promised: Stream.fromPubSub(promised),
          broken: journal.broken
        })
      })
    )
}

const keep = (key: string, asked: Asked, outcome: Outcome & { readonly _tag: "Executed" }) => ({
  key,
  fingerprint: asked.fingerprint,
  status: outcome.status,
  answer: outcome.answer,
  request: asked.request
})

const inProgress = errorAnswer(
  409,
  {
    type: "idempotency_error",
    code: "idempotency_key_in_use",
    message: "There is currently another in-progress request using this Idempotency-Key."
  },
  undefined,
  { "stripe-should-retry": "true" }
)

const keyReused = errorAnswer(400, {
  type: "idempotency_error",
  message: "Keys for idempotent requests can only be used with the same parameters they were first used with."
})
